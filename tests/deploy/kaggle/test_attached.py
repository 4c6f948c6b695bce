"""On Kaggle the project's notebooks use what is attached, say which, and never train."""

import logging
import shutil
from pathlib import Path

import pytest

from severstal import notebooks, pipeline
from severstal.deploy.kaggle.attached import open_attached
from severstal.errors import SeverstalError

RELEASE = "input/datasets/jane/severstal-weights"


@pytest.fixture
def with_run(kaggle: Path, finished_folder: Path) -> Path:
    """The root with a run attached, read-only, in place of the release."""
    for path in (kaggle / RELEASE, *(kaggle / RELEASE).rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(kaggle / RELEASE)
    shutil.copytree(finished_folder / "runs/tiny-small", kaggle / "input/my-runs/tiny-small")
    for path in (kaggle / "input/my-runs").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return kaggle


def test_an_attached_run_is_opened_and_not_trained(
    with_run: Path, finished_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "severstal")
    run = open_attached()
    assert f"attached run: {with_run}/input/my-runs/tiny-small" in caplog.text
    trained, found = pipeline.find_rules(run)
    masks = pipeline.segment_test(found, trained)
    pipeline.submit(masks, trained, "submission.csv")
    before = finished_folder / "runs/tiny-small"
    assert Path("submission.csv").read_text() == (before / "submission.csv").read_text()
    for fold in (0, 1):
        weights = f"fold{fold}/model.safetensors"
        assert (run.folder / weights).read_bytes() == (before / weights).read_bytes()
    assert not [line for line in caplog.messages if "epoch" in line]


def test_a_release_makes_the_submission_and_ends_with_a_line(kaggle: Path) -> None:
    with pytest.raises(
        SeverstalError, match=r"submission\.csv: written by the attached release .*attach the run"
    ):
        open_attached()
    assert (kaggle / "working/submission.csv").is_file()


def test_the_notebooks_command_uses_the_release(kaggle: Path) -> None:
    assert notebooks.run_all() == kaggle / "working"
    assert (kaggle / "working/submission.csv").is_file()


def test_without_anything_attached_nothing_is_trained(kaggle: Path) -> None:
    for path in (kaggle / RELEASE, *(kaggle / RELEASE).rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(kaggle / RELEASE)
    with pytest.raises(
        SeverstalError, match="no trained run and no release is attached, and nothing is trained here"
    ):
        notebooks.run_all()
    assert not list((kaggle / "working").iterdir())


@pytest.mark.slow
def test_the_fifth_notebook_runs_on_an_attached_run(with_run: Path, finished_folder: Path) -> None:
    kept = notebooks.run_all(output="submission.csv")
    assert [path.name for path in sorted(kept.iterdir())] == ["05_submission.html", "05_submission.ipynb"]
    assert (
        Path("submission.csv").read_text() == (finished_folder / "runs/tiny-small/submission.csv").read_text()
    )
    assert "attached run:" in (kept / "05_submission.ipynb").read_text()
