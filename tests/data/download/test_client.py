"""Kaggle's own client, against a server that answers, breaks off and refuses as Kaggle does."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from severstal.data.download import client
from severstal.data.download.client import ARCHIVE, fetch_archive
from severstal.errors import SeverstalError

BYTES = random.Random(0).randbytes(4_000_000)


@pytest.fixture
def signed_in(kaggle, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "good")
    kaggle.archive = BYTES
    return kaggle


def message(folder: Path) -> str:
    with pytest.raises(SeverstalError) as caught:
        fetch_archive(folder)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_an_archive_is_fetched(signed_in, tmp_path: Path) -> None:
    assert fetch_archive(tmp_path) == tmp_path / ARCHIVE
    assert (tmp_path / ARCHIVE).read_bytes() == BYTES
    assert signed_in.asked == ["IntrospectToken", "DownloadDataFiles", "archive:0"]
    assert not signed_in.leaked  # the token stays with Kaggle


@pytest.mark.parametrize("name", ["access_token", "kaggle.json"])
def test_a_token_of_another_encoding_is_one_line(name: str, kaggle, tmp_path: Path) -> None:
    path = Path(os.environ["HOME"]) / ".kaggle" / name
    path.write_bytes('{"username": "someone", "key": "key"}'.encode("utf-16"))
    path.chmod(0o600)
    assert "is not plain UTF-8 text" in message(tmp_path) or name == "access_token"


def test_every_place_of_a_token(kaggle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kaggle.archive, home = BYTES, Path(os.environ["HOME"]) / ".kaggle"
    (home / "access_token").write_text("good\n")
    assert fetch_archive(tmp_path)
    (home / "access_token").unlink()

    (tmp_path / ARCHIVE).unlink()
    kaggle.token = "Basic c29tZW9uZTprZXk="  # someone:key
    (home / "kaggle.json").write_text('{"username": "someone", "key": "key"}')
    (home / "kaggle.json").chmod(0o600)
    assert fetch_archive(tmp_path)
    (home / "kaggle.json").unlink()

    (tmp_path / ARCHIVE).unlink()
    monkeypatch.setenv("KAGGLE_USERNAME", "someone")
    monkeypatch.setenv("KAGGLE_KEY", "key")
    assert fetch_archive(tmp_path)


def test_a_break_in_the_middle_is_gone_on_from(signed_in, tmp_path: Path) -> None:
    signed_in.breaks = [1_500_000, 1_500_000]
    fetch_archive(tmp_path)
    assert (tmp_path / ARCHIVE).read_bytes() == BYTES
    starts = [int(word.split(":")[1]) for word in signed_in.asked if word.startswith("archive")]
    assert starts[0] == 0
    assert len(starts) == 3
    assert 0 < starts[1] < starts[2]


def test_another_call_goes_on_where_the_first_was(signed_in, tmp_path: Path) -> None:
    signed_in.breaks = [1_100_000, *[0] * 5]  # as often as the client tries
    assert "the same command again, it resumes" in message(tmp_path)
    held = (tmp_path / ARCHIVE).stat().st_size
    assert held >= 1_000_000
    signed_in.asked.clear()
    fetch_archive(tmp_path)
    assert (tmp_path / ARCHIVE).read_bytes() == BYTES
    assert signed_in.asked[-1] == f"archive:{held}"


KILLED = """
import sys
from pathlib import Path
from kagglesdk import kaggle_env
from severstal.data.download.client import fetch_archive
kaggle_env._env_to_endpoint[kaggle_env.KaggleEnv.PROD] = f"http://127.0.0.1:{sys.argv[1]}"
fetch_archive(Path(sys.argv[2]))
"""


def test_killed_it_goes_on(signed_in, tmp_path: Path) -> None:
    signed_in.stalls_after = 2_500_000
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(signed_in.port), str(tmp_path)], stderr=subprocess.DEVNULL
    )
    path, deadline = tmp_path / ARCHIVE, time.monotonic() + 60
    while not (path.is_file() and path.stat().st_size >= 2_000_000):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    signed_in.stalls_after = None
    held = path.stat().st_size
    fetch_archive(tmp_path)
    assert path.read_bytes() == BYTES
    assert signed_in.asked[-1] == f"archive:{held}"


@pytest.mark.parametrize("why", ["no ranges", "another archive"])
def test_where_it_cannot_go_on_it_starts_again(signed_in, tmp_path: Path, why: str) -> None:
    signed_in.breaks = [1_100_000, *[0] * 5]
    message(tmp_path)
    if why == "no ranges":
        signed_in.ranges = False
    else:
        signed_in.archive, signed_in.etag = BYTES[::-1], '"two"'
    fetch_archive(tmp_path)
    assert (tmp_path / ARCHIVE).read_bytes() == signed_in.archive


def test_no_token_gives_the_two_steps(kaggle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert message(tmp_path) == f"no valid Kaggle token found: {client.TOKEN_STEPS}"
    assert "1. on https://www.kaggle.com/settings" in client.TOKEN_STEPS
    assert "2. save it as ~/.kaggle/access_token" in client.TOKEN_STEPS
    assert capsys.readouterr().out == ""
    assert kaggle.asked == []


def test_a_wrong_token(kaggle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "bad")
    assert message(tmp_path) == f"no valid Kaggle token found: {client.TOKEN_STEPS}"
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    monkeypatch.setenv("KAGGLE_USERNAME", "someone")
    monkeypatch.setenv("KAGGLE_KEY", "old")
    assert message(tmp_path) == f"Kaggle does not accept the token (401): {client.TOKEN_STEPS}"


def test_rules_not_accepted_give_the_two_steps(signed_in, tmp_path: Path) -> None:
    signed_in.status = 403
    signed_in.message = "You must accept this competition's rules\nbefore you'll be able to download files."
    assert message(tmp_path) == (
        f"Kaggle refuses the download (403, You must accept this competition's rules): {client.RULES_STEPS}"
    )
    assert "competitions/severstal-steel-defect-detection/rules" in client.RULES_STEPS


def test_another_answer(signed_in, tmp_path: Path) -> None:
    signed_in.status, signed_in.message = 503, "Unavailable\x1b[2J"
    assert message(tmp_path).startswith("Kaggle answers 503 (Unavailable[2J): run the same command again")


def test_no_network(signed_in, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kagglesdk import kaggle_env

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, endpoint)
    expected = "the connection to Kaggle failed ("
    assert message(tmp_path).startswith(expected)
    assert "Connection refused" in message(tmp_path)
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    monkeypatch.setenv("KAGGLE_USERNAME", "someone")
    monkeypatch.setenv("KAGGLE_KEY", "key")
    assert message(tmp_path).startswith(expected)


def test_without_the_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "kaggle"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "kaggle", None)
    assert message(tmp_path).startswith("Kaggle's client is not installed: pip install")


def test_a_machine_without_token_prints_nothing_but_the_error(kaggle, tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from severstal.data.download.client import fetch_archive
from severstal.errors import SeverstalError
try:
    fetch_archive(Path("."))
except SeverstalError as error:
    sys.exit(f"severstal: {error}")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, env=os.environ
    )
    assert done.stdout == ""
    assert done.stderr == f"severstal: no valid Kaggle token found: {client.TOKEN_STEPS}\n"
