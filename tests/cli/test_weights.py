"""The list of pretrained weights from the command line."""

import json

import huggingface_hub.constants
import pytest

from severstal import cli
from severstal.models.packaged import WEIGHTS_VARIABLE


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run `severstal weights` without a hub; return its exit code, standard output and error output."""
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path / "weights"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main(["weights", *map(str, arguments)])
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


def test_the_list_says_source_licence_size_and_whether_it_is_here(command, tmp_path):
    code, printed, _ = command("plain_smp", "overfit", "--json", tmp_path / "list.json")
    head, row, *rest = printed.splitlines()
    assert code == 0
    assert head.split() == ["encoder", "source", "licence", "MB", "here", "recipes"]
    assert row.split() == ["resnet34", "smp-hub/resnet34.imagenet", "bsd-3-clause", "85", "no", "plain_smp"]
    assert rest == ["85 MB are missing: --fetch downloads them"]
    (facts,) = json.loads((tmp_path / "list.json").read_text())
    assert (facts["encoder"], facts["path"]) == ("resnet34", None)


def test_a_file_in_the_folder_is_here(command, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "resnet34.imagenet.safetensors").write_bytes(b"0" * 2_000_000)
    _, printed, _ = command("plain_smp", "--pack", tmp_path / "packed")
    assert printed.splitlines()[1].split()[3:5] == ["2", "yes"]
    assert f"{tmp_path / 'packed'}: 1 files, 2 MB: set {WEIGHTS_VARIABLE}" in printed
    assert (tmp_path / "packed" / "resnet34.imagenet.safetensors").stat().st_size == 2_000_000


@pytest.mark.parametrize(
    "arguments", [("plain_smp", "--fetch"), ("plain_smp", "--pack", "packed"), ("nothing",)]
)
def test_faults_are_one_line(command, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, error = command(*arguments)
    assert code == 2
    assert error.startswith("severstal: ")
    assert len(error.splitlines()) == 1
