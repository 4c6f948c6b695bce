"""A kit is what Kaggle's client takes, and its check finds what would fail only there."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from severstal.deploy.kaggle.check import check_kit
from severstal.deploy.kaggle.kit import write_kit
from severstal.errors import SeverstalError

from .conftest import write_wheel


@pytest.fixture
def kit(tiny_release: Path, wheelhouse: Path, tmp_path: Path) -> Path:
    write_kit([tiny_release], tmp_path / "kit", "jane-doe", 1.5)
    return tmp_path / "kit"


def read(path: Path) -> dict:
    return json.loads(path.read_text())


def test_a_kit_has_no_findings(kit: Path) -> None:
    assert check_kit(kit) == []


def test_the_metadata_says_what_the_client_would_get_wrong(kit: Path) -> None:
    kernel = read(kit / "notebook/kernel-metadata.json")
    assert kernel["enable_internet"] is False
    assert kernel["machine_shape"] == "NvidiaTeslaT4"
    assert kernel["competition_sources"] == ["severstal-steel-defect-detection"]
    weights, wheels = (read(kit / name / "dataset-metadata.json") for name in ("weights", "wheels"))
    assert kernel["dataset_sources"] == [weights["id"], wheels["id"]]
    assert weights["id"] == "jane-doe/severstal-tiny-small-weights"
    for each in (weights, wheels, kernel):
        assert each["id"].split("/")[1] == each["title"].lower().replace(" ", "-")
    notebook = read(kit / "notebook/severstal-submission.ipynb")
    assert any(cell["source"].startswith("hours = 1.5 ") for cell in notebook["cells"])


def test_the_own_wheel_installs_alone(kit: Path, tmp_path: Path) -> None:
    wheel = next((kit / "wheels").glob("severstal-*.whl"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([*command, str(tmp_path / "site"), str(wheel)], check=True, capture_output=True)
    code = "import severstal.recipe; print(severstal.__file__, *severstal.recipe.recipe_names())"
    environment = {"PYTHONPATH": str(tmp_path / "site"), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    place, *names = done.stdout.split()
    assert place.startswith(str(tmp_path / "site"))
    assert "champion" in names


def test_two_kits_have_the_same_wheel(kit: Path, tiny_release: Path, tmp_path: Path) -> None:
    write_kit([tiny_release], tmp_path / "again", "jane-doe", 1.5)
    assert read(kit / "kit.json") == read(tmp_path / "again" / "kit.json")


def test_a_run_is_packed(finished_folder: Path, wheelhouse: Path, tmp_path: Path) -> None:
    write_kit([finished_folder / "runs/tiny-small"], tmp_path / "kit", "jane-doe")
    assert check_kit(tmp_path / "kit") == []


def test_a_wheel_that_pip_does_not_find_leaves_nothing(
    tiny_release: Path, wheelhouse: Path, tmp_path: Path
) -> None:
    next(wheelhouse.glob("timm-*")).unlink()
    with pytest.raises(SeverstalError, match="No matching distribution found for timm"):
        write_kit([tiny_release], tmp_path / "kit", "jane-doe")
    assert not (tmp_path / "kit").exists()


def change(path: str, **values: object) -> Callable[[Path], None]:
    def apply(kit: Path) -> None:
        about = read(kit / path)
        for key, value in values.items():
            if value is None:
                del about[key]
            else:
                about[key] = value
        (kit / path).write_text(json.dumps(about))

    return apply


KERNEL, WEIGHTS = "notebook/kernel-metadata.json", "weights/dataset-metadata.json"
NOTEBOOK = "notebook/severstal-submission.ipynb"


def edit_notebook(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def apply(kit: Path) -> None:
        notebook = read(kit / NOTEBOOK)
        change(notebook)
        (kit / NOTEBOOK).write_text(json.dumps(notebook))

    return apply


def cut_weights(kit: Path) -> None:
    path = kit / "weights/release/member1-fold0.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def damage_wheel(kit: Path) -> None:
    path = next((kit / "wheels").glob("timm-*"))
    with zipfile.ZipFile(path) as archive:
        place = archive.infolist()[0]
    data = bytearray(path.read_bytes())
    data[place.header_offset + 30 + len(place.filename)] ^= 1
    path.write_bytes(data)


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "internet on": (change(KERNEL, enable_internet=True), "enable_internet is True: write False"),
    "internet not written out": (change(KERNEL, enable_internet=None), "enable_internet is missing"),
    "P100": (change(KERNEL, machine_shape="NvidiaTeslaP100"), "machine_shape is 'NvidiaTeslaP100'"),
    "title and slug apart": (change(KERNEL, title="another"), "whose slug is 'another'"),
    "competition not attached": (change(KERNEL, competition_sources=[]), "competition_sources is []"),
    "prefix of an address": (change(KERNEL, dataset_sources=["datasets/jane/x"]), "dataset_sources is"),
    "no code file": (change(KERNEL, code_file="a.ipynb"), "code_file is 'a.ipynb'"),
    "short title": (change(WEIGHTS, title="ab", id="jane-doe/ab"), "give 6 to 50"),
    "two licences": (change(WEIGHTS, licenses=[{}, {}]), "exactly one licence"),
    "another user": (change(WEIGHTS, id="joe/severstal-tiny-small-weights"), "several users"),
    "metadata cut": (lambda kit: (kit / KERNEL).write_text("{"), "kernel-metadata.json: not JSON"),
    "weights cut": (cut_weights, "member1-fold0.safetensors: damaged"),
    "torch": (
        lambda kit: write_wheel(kit / "wheels", "torch", "2.0"),
        "would replace the image's own build",
    ),
    "Python 3.11": (
        lambda kit: write_wheel(kit / "wheels", "more", "1.0", "cp311-cp311-manylinux2014_x86_64"),
        "not for Python 312",
    ),
    "Windows": (
        lambda kit: write_wheel(kit / "wheels", "more", "1.0", "cp312-cp312-win_amd64"),
        "not for Python 312",
    ),
    "wheel damaged": (damage_wheel, "is damaged: download it again"),
    "no wheel": (lambda kit: (kit / "wheels/more.whl").write_text("x"), "more.whl: not a wheel"),
    "wheel missing": (lambda kit: next((kit / "wheels").glob("timm-*")).unlink(), "no wheel of timm"),
    "no kernelspec": (
        edit_notebook(lambda book: book["metadata"].clear()),
        "not a notebook with a kernelspec",
    ),
    "trains": (
        edit_notebook(lambda book: book["cells"][3].update(source="train(1)\nsubmit_here(1)")),
        "calls train: a submission never trains",
    ),
    "no Python": (edit_notebook(lambda book: book["cells"][3].update(source="1 +")), "not Python"),
    "no call": (edit_notebook(lambda book: book["cells"][3].update(source="1")), "no cell calls submit_here"),
    "more files": (lambda kit: (kit / "weights/a.jpg").touch(), "weights/a.jpg: not a file of the kit"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str, kit: Path) -> None:
    plant, message = FAULTS[name]
    plant(kit)
    findings = check_kit(kit)
    assert any(message in each for each in findings), findings
    assert not any("\n" in each for each in findings)


def test_another_folder_is_no_kit(tiny_release: Path) -> None:
    with pytest.raises(SeverstalError, match="no kit: give the folder that `severstal kaggle` wrote"):
        check_kit(tiny_release)


def test_two_releases_are_refused(tiny_release: Path, wheelhouse: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_release, tmp_path / "second")
    with pytest.raises(SeverstalError, match="is a release: give it alone"):
        write_kit([tiny_release, tmp_path / "second"], tmp_path / "kit", "jane-doe")
