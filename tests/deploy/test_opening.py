"""What is opened: a run or an ensemble, by its folder alone, and nothing else."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from severstal import pipeline
from severstal.competition.masks import Masks
from severstal.competition.spec import read_spec
from severstal.competition.tables import read_submission
from severstal.data.pictures import read_picture
from severstal.decision.draw import apply
from severstal.deploy.opening import open_model
from severstal.errors import SeverstalError
from severstal.inference.maps import enlarge
from severstal.runs.combining import open_runs

RUN = "runs/tiny-small"


@pytest.fixture
def work(copy_finished: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished folder, with a second run beside the first."""
    folder = copy_finished(tmp_path / "work")
    monkeypatch.chdir(folder)
    shutil.copytree(RUN, "runs/second")
    return folder


def test_a_run_is_described(work: Path) -> None:
    model = open_model(RUN, "cpu")
    found = model.description
    assert (found.name, found.map_scale, found.stride) == ("tiny-small", 2, 64)
    assert found.spec == read_spec("small")
    assert [(member.networks, member.data.scale) for member in found.members] == [(2, 2)]
    assert model.device == "cpu"
    assert model.batch_size == 2


def test_an_ensemble_draws_what_it_submitted(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensemble = open_runs([RUN, "runs/second"], weights=(3.0, 1.0), name="both")
    trained, found = pipeline.find_rules(ensemble)
    pipeline.submit(pipeline.segment_test(found, trained), trained, "both.csv")
    spec = read_spec("small")
    submitted = Masks(read_submission("both.csv", spec), spec)
    pictures = sorted(work.joinpath("small", "test_images").iterdir())
    shutil.copytree("runs", tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    model = open_model("elsewhere/both")
    assert [member.name for member in model.description.members] == ["tiny-small", "second"]
    for path in pictures:
        picture = read_picture(path, spec)
        said = model.probabilities(picture[None])
        full = enlarge(said.maps[0], spec.image_shape)
        assert np.array_equal(
            apply(full, model.description.rules, spec, said.classes[0]), submitted[path.name]
        )
        assert not said.spread.any()  # both members are the same run


def test_the_key_is_of_weights_and_rules(work: Path) -> None:
    key = open_model(RUN).description.key
    assert open_model("runs/second").description.key == key
    rules = Path("runs/second/rules.json")
    rules.write_text(rules.read_text().replace('"min_component": 0', '"min_component": 3'))
    assert open_model("runs/second").description.key != key


def test_other_folders_are_refused(work: Path) -> None:
    for path, message in (
        ("absent", "absent: no such folder: give a run, an ensemble or a release"),
        ("tiny.toml", r"tiny\.toml: is a file: give a run, an ensemble or a release"),
        ("small", "small: not a run"),
    ):
        with pytest.raises(SeverstalError, match=message):
            open_model(path)
    with pytest.raises(SeverstalError, match="device 'gpu' is not usable"):
        open_model(RUN, "gpu")
