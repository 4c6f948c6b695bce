"""A tuned run in a folder of its own, and a release of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from severstal.deploy.release.packing import pack_release

RUN = "runs/tiny-small"


@pytest.fixture
def work(copy_finished: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished folder as the working folder."""
    folder = copy_finished(tmp_path / "work")
    monkeypatch.chdir(folder)
    return folder


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
