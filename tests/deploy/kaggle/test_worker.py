"""The worker of Kaggle's kit draws each picture in its own frame, whatever sizes a batch holds."""

from types import SimpleNamespace

import numpy as np

from severstal.competition.rle import decode
from severstal.competition.spec import Spec
from severstal.decision.rules import plain_rules
from severstal.deploy.kaggle.worker import _segment
from severstal.deploy.model import ModelOutput

SPEC = Spec("tiles", None, ("hole", "crack"))


class Brightness:
    """A model whose maps are the picture itself and its negative; it takes pictures of one size at once."""

    description = SimpleNamespace(spec=SPEC, rules=plain_rules(SPEC))

    def __init__(self) -> None:
        self.seen: list[int] = []

    def probabilities(self, pictures: np.ndarray) -> ModelOutput:
        self.seen.append(len(pictures))
        maps = np.stack([pictures, 255 - pictures], axis=1)
        return ModelOutput(maps, maps.max((2, 3)), None)


def test_pictures_of_many_sizes_are_drawn_in_their_own_frames() -> None:
    rng, model = np.random.default_rng(0), Brightness()
    shapes = [(20, 30), (1, 50), None, (20, 30), (33, 7)]
    pictures = [None if shape is None else rng.integers(0, 256, shape, np.uint8) for shape in shapes]
    found = _segment(model, pictures)
    assert model.seen == [2, 1, 1]
    assert found[2] == []
    for picture, masks in zip(pictures, found, strict=True):
        if picture is not None:
            drawn = {class_id: decode(runs, picture.shape) for class_id, runs in masks}
            assert np.array_equal(drawn[1], picture >= 128)
            assert np.array_equal(drawn[2], 255 - picture >= 128)
    assert _segment(model, [None]) == [[]]
