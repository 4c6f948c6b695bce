"""A tuned run in a folder of its own, and a release of it."""

import shutil
from pathlib import Path

import pytest

from severstal.deploy.release.packing import pack_release

RUN = "runs/tiny-small"


@pytest.fixture
def work(finished_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished folder as the working folder; its run knows the copy's input folder."""
    shutil.copytree(finished_folder, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    about = Path(RUN, "input.json")
    about.write_text(about.read_text().replace(str(finished_folder), str(tmp_path / "work")))
    return tmp_path / "work"


@pytest.fixture(scope="session")
def packed_folder(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the tiny run, for tests that only read it."""
    folder = tmp_path_factory.mktemp("packed") / "release"
    pack_release([finished_folder / RUN], folder)
    return folder


@pytest.fixture
def release(packed_folder: Path, tmp_path: Path) -> Path:
    """A copy of that release, to be damaged."""
    return Path(shutil.copytree(packed_folder, tmp_path / "release"))
