"""The notebook's job: valid at once, equal to the run's own submission, in time, and never trained."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from severstal.competition.checking import check_submission
from severstal.competition.spec import read_spec
from severstal.competition.tables import read_sample
from severstal.deploy.kaggle import worker
from severstal.deploy.kaggle.notebook import submission_notebook
from severstal.deploy.kaggle.submission import submit_here
from severstal.deploy.kaggle.worker import WorkerJob, work
from severstal.errors import SeverstalError


def findings(root: Path) -> list[str]:
    data = root / "input/competitions/steel"
    spec = read_spec(data)
    return check_submission(
        root / "working/submission.csv", read_sample(data / "sample_submission.csv", spec), spec
    )


def masks(path: Path) -> set[tuple[str, int, str]]:
    table = pd.read_csv(path, keep_default_na=False)[["ImageId", "ClassId", "EncodedPixels"]]
    return {row for row in table.itertuples(index=False, name=None) if row[2]}


@pytest.mark.parametrize("devices", [["cpu"], ["cpu", "cpu"]])
def test_it_draws_what_the_run_submitted(devices: list[str], kaggle: Path, finished_folder: Path) -> None:
    finished = submit_here(devices=devices)
    assert (finished.pictures, finished.segmented) == (4, 4)
    assert findings(kaggle) == []
    assert masks(finished.path) == masks(finished_folder / "runs/tiny-small/submission.csv")
    assert [path.name for path in (kaggle / "working").iterdir()] == ["submission.csv"]


def test_the_file_is_valid_before_anything_is_opened(kaggle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = kaggle / "input/datasets/jane/severstal-weights/release"
    release.chmod(0o755)
    (release / "release.json").chmod(0o644)
    (release / "release.json").write_text("{}")
    with pytest.raises(SeverstalError, match="a process failed after 0 of 4 pictures"):
        submit_here(devices=["cpu"])
    assert findings(kaggle) == []
    assert masks(kaggle / "working/submission.csv") == set()


def test_an_unreadable_picture_gets_no_mask(
    kaggle: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = kaggle / "input/competitions/steel/test_images"
    folder.chmod(0o755)
    (folder / "test01.png").chmod(0o644)
    (folder / "test01.png").write_bytes(b"\x89PNG not")
    lines = tmp_path / "lines.jsonl"
    names = tuple(sorted(path.name for path in folder.iterdir()))
    model = str(next(kaggle.rglob("release.json")).parent)
    work(WorkerJob(model, "cpu", str(folder), names, str(lines), time.time() + 600))
    said = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [each["image"] for each in said] == list(names)
    assert said[1]["masks"] == []
    assert "test01.png: cannot be read and gets no mask" in caplog.text


def test_views_are_dropped_when_the_clock_says_so(
    kaggle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "MEASURED", 2)
    folder = kaggle / "input/competitions/steel/test_images"
    names = tuple(sorted(path.name for path in folder.iterdir())) * 3
    model = worker._open(WorkerJob(str(next(kaggle.rglob("release.json")).parent), "cpu", "", (), "", 0.0))
    rate = slow_down(monkeypatch, model)
    lines = tmp_path / "lines.jsonl"
    left = rate * 10 * 0.7 / 0.8  # enough for 0.7 of the work that is left after two pictures
    dropped = work(WorkerJob("", "cpu", str(folder), names, str(lines), time.time() + 2 * rate + left), model)
    assert dropped.startswith("views, 1 of 2 left")
    assert "the time does not suffice: dropped views" in caplog.text
    assert len(lines.read_text().splitlines()) == len(names)


def slow_down(monkeypatch: pytest.MonkeyPatch, model) -> float:
    """Have a picture take 0.3 s per pass of a network; the seconds of the whole model."""
    network = type(model.members[0].networks[0])
    forward = network.forward

    def slow(self, pictures):
        time.sleep(0.3 * len(pictures))
        return forward(self, pictures)

    monkeypatch.setattr(network, "forward", slow)
    member = model.members[0]
    return 0.3 * len(member.networks) * len(member.recipe.inference.flips)


def test_without_time_the_rest_stays_empty(
    kaggle: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = kaggle / "input/competitions/steel/test_images"
    names = tuple(sorted(path.name for path in folder.iterdir()))
    model = str(next(kaggle.rglob("release.json")).parent)
    lines = tmp_path / "lines.jsonl"
    work(WorkerJob(model, "cpu", str(folder), names, str(lines), time.time() - 1))
    assert len(lines.read_text().splitlines()) == 2
    assert "out of time: 2 pictures get no mask" in caplog.text


def test_no_time_is_refused(kaggle: Path) -> None:
    with pytest.raises(SeverstalError, match="hours is 0: give more than 0"):
        submit_here(0)
    assert not (kaggle / "working/submission.csv").exists()


def test_the_cells_of_the_notebook_run(kaggle: Path, finished_folder: Path) -> None:
    cells = [cell["source"] for cell in submission_notebook(0.5)["cells"] if cell["cell_type"] == "code"]
    code = "\n".join(cells[1:])  # the first installs the wheels
    prefix = "import os\nfrom pathlib import Path\nroot = Path(os.environ['SEVERSTAL_KAGGLE_ROOT'])\n"
    done = subprocess.run(
        [sys.executable, "-c", prefix + code], capture_output=True, text=True, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    assert masks(kaggle / "working/submission.csv") == masks(
        finished_folder / "runs/tiny-small/submission.csv"
    )


def test_without_wheels_the_first_cell_says_so(kaggle: Path) -> None:
    install = submission_notebook(0.5)["cells"][1]["source"]
    done = subprocess.run([sys.executable, "-c", install], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 1
    assert done.stderr.strip() == f"{kaggle}/input: no severstal-*.whl: attach the wheels dataset of the kit"
