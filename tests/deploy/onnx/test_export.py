"""A file is kept only where it draws torch's masks: with any views, folds, members and networks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from severstal.deploy.agreement import compare_models
from severstal.deploy.onnx import export
from severstal.deploy.onnx.export import export_onnx
from severstal.deploy.onnx.model import OnnxModel
from severstal.deploy.torch_model import TorchModel
from severstal.deploy.trial_pictures import trial_pictures
from severstal.errors import SeverstalError
from severstal.inference.ensemble import Combiner
from severstal.models.registry import architectures
from severstal.models.smallest import smallest
from severstal.recipe import DataSettings, InferenceSettings, ModelSettings

Make = Callable[..., TorchModel]
Views = InferenceSettings
PLAIN = Views(flips=("none",), map_scale=1)
FLIPS = ("none", "horizontal", "vertical", "both")
CANNOT = {"maskrcnn": "its boxes are as many as it finds"}

MODELS: dict[str, Callable[[Make], TorchModel]] = {
    "one view": lambda make: make((PLAIN, 1)),
    "flips and two folds, halved": lambda make: make((Views(flips=FLIPS, map_scale=2), 2)),
    "pictures of half the size": lambda make: make((Views(map_scale=4), 1), data=DataSettings(scale=2)),
    "pictures of a third": lambda make: make((Views(map_scale=3), 1), data=DataSettings(scale=3)),
    "local contrast": lambda make: make((PLAIN, 1), data=DataSettings(local_contrast=9)),
    "shifts": lambda make: make((Views(flips=("none", "both"), shifts=(0.0, 0.3), map_scale=1), 1)),
    "scales": lambda make: make((Views(flips=("none",), scales=(1.0, 0.75, 1.5), map_scale=1), 1)),
    "ensemble": lambda make: make(
        (Views(map_scale=2), 2), (Views(flips=("none",), map_scale=2), 1), combiner=Combiner("mean", (2, 1))
    ),
    "ensemble by logits": lambda make: make((PLAIN, 1), (PLAIN, 1), combiner=Combiner("logit", (1, 1))),
}


@pytest.mark.parametrize("name", MODELS)
def test_onnx_draws_torchs_masks(
    name: str, make_model: Make, pictures: Sequence[np.ndarray], tmp_path: Path
) -> None:
    model = MODELS[name](make_model)
    record = export_onnx(model, tmp_path / "model.onnx", pictures, "drawn pictures")
    other = OnnxModel(model.description, tmp_path / "model.onnx")
    unseen = [
        trial_pictures(None, replace(model.description.spec, image_shape=size), 1)[0]
        for size in ((64, 96), (37, 120), (200, 65))
    ]
    agreement = compare_models(model, other, unseen)
    assert agreement.masks >= 3  # or nothing would be compared
    assert agreement.masks_differing == 0
    assert agreement.probability <= (2.5 if "logits" in name else 1.5) / 255  # a logit enlarges a step near 0
    assert record.to_json()["masks_equal"] is True
    first, second = (each.probabilities(np.stack([unseen[0]] * 3)) for each in (model, other))
    assert first.maps.shape == second.maps.shape
    assert (first.spread is None) == (second.spread is None)
    if first.spread is not None:
        assert np.abs(first.spread.astype(int) - second.spread).max() <= 1


def test_a_file_with_other_masks_is_not_kept(
    make_model: Make, pictures: Sequence[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model((PLAIN, 1))
    other = make_model((PLAIN, 1), data=DataSettings(mean=0.1))
    monkeypatch.setattr(export, "ModelGraph", lambda *_: graph_of(other))
    with pytest.raises(
        SeverstalError, match=r"no ONNX file is written, torchscript: on 5 pictures: \d+ of \d+ masks"
    ):
        export_onnx(model, tmp_path / "model.onnx", pictures, "drawn pictures")
    assert not list(tmp_path.iterdir())


def graph_of(model: TorchModel):
    from severstal.deploy.onnx.graph import ModelGraph

    return ModelGraph(model.members, model.combiner)


def test_no_path_is_in_the_file(make_model: Make, pictures: Sequence[np.ndarray], tmp_path: Path) -> None:
    export_onnx(make_model((PLAIN, 1)), tmp_path / "model.onnx", pictures, "drawn pictures")
    data = (tmp_path / "model.onnx").read_bytes()
    for text in (str(Path(export.__file__).parents[3]), str(Path.home()), "site-packages", "graph.py"):
        assert text.encode() not in data


def test_members_of_several_map_scales_are_refused(
    make_model: Make, pictures: Sequence[np.ndarray], tmp_path: Path
) -> None:
    model = make_model((PLAIN, 1), (Views(map_scale=2), 1), combiner=Combiner("mean", (1, 1)))
    with pytest.raises(SeverstalError, match="maps of scales 1, 2, which ONNX does not mix"):
        export_onnx(model, tmp_path / "model.onnx", pictures, "drawn pictures")


@pytest.mark.slow
@pytest.mark.parametrize("architecture", architectures())
def test_every_architecture(
    architecture: str,
    make_model: Make,
    pictures: Sequence[np.ndarray],
    clear_of_thresholds: Callable[[TorchModel, Sequence[np.ndarray]], None],
    tmp_path: Path,
) -> None:
    encoder, options = smallest(architecture)
    model = make_model((PLAIN, 1), model=ModelSettings(architecture, encoder, "none", options=options))
    path = tmp_path / "model.onnx"
    if architecture not in CANNOT:
        clear_of_thresholds(model, pictures)
    if architecture in CANNOT:
        with pytest.raises(SeverstalError, match="no ONNX file is written"):
            export_onnx(model, path, pictures, "drawn pictures")
        assert not path.exists()
        return
    assert export_onnx(model, path, pictures, "drawn pictures").agreement.masks_differing == 0
