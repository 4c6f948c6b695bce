"""A server that speaks what Kaggle's client uses, and the competition's data in small."""

import importlib.util
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from severstal.data.download import competition
from severstal.synthetic import draw_sample


@dataclass
class FakeKaggle:
    """The answers of the server, and the requests to it.

    Attributes:
        archive: the bytes to send.
        status: of the answer to the request for the archive.
        message: of that answer where it is an error.
        token: the one that is accepted.
        breaks: after how many bytes each answer breaks off; as many answers as there are numbers.
        stalls_after: after how many bytes an answer stands still, without an end; None for never.
        ranges: whether parts may be asked for.
        etag: identity of the archive.
        asked: what was asked for, one word each; the archive's with the first byte.
        leaked: whether the token was sent to the store of archives.
    """

    archive: bytes = b""
    status: int = 302
    message: str = ""
    token: str = "Bearer good"
    breaks: list[int] = field(default_factory=list)
    stalls_after: int | None = None
    ranges: bool = True
    etag: str = '"one"'
    asked: list[str] = field(default_factory=list)
    leaked: bool = False
    port: int = 0
    moves: threading.Event = field(default_factory=threading.Event)


def make_handler(kaggle: FakeKaggle) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def answer(self, status: int, value: dict) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = self.path.rsplit("/", 1)[1]
            kaggle.asked.append(name)
            if name == "IntrospectToken":
                good = f"Bearer {body['token']}" == kaggle.token
                self.answer(200, {"active": good, "username": "someone" if good else ""})
            elif self.headers.get("Authorization") != kaggle.token:
                self.answer(401, {"code": 401, "message": "Unauthorized"})
            elif kaggle.status != 302:
                self.answer(kaggle.status, {"code": kaggle.status, "message": kaggle.message})
            else:
                assert body["competitionName"] == "severstal-steel-defect-detection"
                self.send_response(302)  # to another host, as Kaggle does
                self.send_header("Location", f"http://localhost:{kaggle.port}/store/archive.zip?signature=1")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def do_GET(self) -> None:
            kaggle.leaked |= "Authorization" in self.headers
            wanted = self.headers.get("Range", "")
            same = self.headers.get("If-Range", kaggle.etag) == kaggle.etag
            first = int(wanted[6:-1]) if wanted and kaggle.ranges and same else 0
            kaggle.asked.append(f"archive:{first}")
            self.send_response(206 if first else 200)
            self.send_header("Content-Type", "application/zip")
            self.send_header("Content-Length", str(len(kaggle.archive) - first))
            self.send_header("ETag", kaggle.etag)
            self.send_header("Last-Modified", "Wed, 21 Aug 2019 07:00:00 GMT")
            if kaggle.ranges:
                self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            last = first + kaggle.breaks.pop(0) if kaggle.breaks else kaggle.stalls_after
            with suppress(ConnectionError):  # the client was killed
                self.wfile.write(kaggle.archive[first:last])
            while kaggle.stalls_after is not None:
                kaggle.moves.wait(0.01)
            self.close_connection = True

    return Handler


@pytest.fixture
def kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKaggle]:
    """The official client, pointed to a server on this machine, without anyone's token."""
    if importlib.util.find_spec("kaggle") is None:
        pytest.skip("Kaggle's client is not installed: pip install kaggle")
    home = tmp_path / "home"
    (home / ".kaggle").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NO_PROXY", "*")
    for name in ("API_TOKEN", "USERNAME", "KEY", "CONFIG_DIR", "KERNEL_RUN_TYPE", "API_ENVIRONMENT"):
        monkeypatch.delenv(f"KAGGLE_{name}", raising=False)
    from kaggle.api import kaggle_api_extended as client
    from kagglesdk import kaggle_env

    fake = FakeKaggle()
    server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(fake))
    fake.port = server.server_address[1]
    monkeypatch.setitem(
        kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, f"http://127.0.0.1:{fake.port}"
    )
    monkeypatch.setattr(client.KaggleApi, "config_dir", str(home / ".kaggle"))
    monkeypatch.setattr(client.KaggleApi, "config", str(home / ".kaggle" / "kaggle.json"))
    monkeypatch.setattr(client.KaggleApi, "config_values", {})
    quick = type("", (), {**vars(time), "sleep": staticmethod(lambda _: None)})
    monkeypatch.setattr(client, "time", quick)  # it waits longer after each break
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "data"
    draw_sample(folder, images=8, test_images=8)
    (folder / "test_labels.csv").unlink()
    return folder


@pytest.fixture
def data(drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the competition's layout whose counts are taken for the competition's."""
    monkeypatch.setattr(competition, "TRAIN_IMAGES", 8)
    monkeypatch.setattr(competition, "TEST_IMAGES", 8)
    shutil.copytree(drawn, tmp_path / "data")
    return tmp_path / "data"
