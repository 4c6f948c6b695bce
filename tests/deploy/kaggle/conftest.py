"""Kaggle's folders below a temporary root, and wheels that pip downloads without a network."""

import base64
import hashlib
import shutil
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from severstal.deploy.kaggle.places import ROOT_VARIABLE
from severstal.deploy.kaggle.wheels import REQUIRED
from severstal.deploy.release.packing import pack_release

RUN = "runs/tiny-small"


@pytest.fixture(scope="session")
def tiny_release(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the tiny run."""
    folder = tmp_path_factory.mktemp("kaggle") / "release"
    pack_release([finished_folder / RUN], folder)
    return folder


@pytest.fixture
def kaggle(
    tmp_path: Path, finished_folder: Path, tiny_release: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The root, with the competition and a release attached, read-only, as in 2026."""
    root = tmp_path / "kaggle"
    (root / "working").mkdir(parents=True)
    shutil.copytree(finished_folder / "small", root / "input/competitions/steel")
    shutil.copytree(tiny_release, root / "input/datasets/jane/severstal-weights/release")
    for path in (root / "input").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    monkeypatch.setenv(ROOT_VARIABLE, str(root))
    monkeypatch.chdir(root / "working")
    return root


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty wheel of each package, which is the only place where pip looks."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    for name in REQUIRED:
        write_wheel(folder, name, version(name))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    return folder


def write_wheel(folder: Path, name: str, number: str, tag: str = "py3-none-any") -> Path:
    """A wheel with nothing but its metadata."""
    plain = name.replace("-", "_")
    info = f"{plain}-{number}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    sums = {
        path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        for path, text in files.items()
    }
    record = "".join(f"{path},sha256={sums[path]},{len(files[path])}\n" for path in files)
    target = folder / f"{plain}-{number}-{tag}.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return target
