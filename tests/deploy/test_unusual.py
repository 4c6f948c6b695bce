"""A model says what it cannot vouch for: unusual pictures, and classes that it never draws."""

from dataclasses import replace

import numpy as np
from fixtures.bright_model import SPEC, BrightModel, bright_predictor, steel

from severstal.data.picture_statistics import collect_statistics
from severstal.decision.rules import ClassRule, Rules
from severstal.deploy.predictor import Predictor

TRAINING = [steel(number, seed=number) for number in range(4)]


def test_pictures_like_the_training_pictures_are_not_warned_of() -> None:
    predictor = Predictor(BrightModel(statistics=collect_statistics(TRAINING)))
    assert [predictor(picture).warnings for picture in TRAINING] == [()] * 4


def test_each_measure_is_warned_of() -> None:
    predictor = Predictor(BrightModel(statistics=collect_statistics(TRAINING)))
    black = steel()
    black[:, :24] = 0
    rng = np.random.default_rng(0)
    for picture, word in (
        (np.full((32, 48), 250, np.uint8), "brightness 0.98 is outside of"),
        (rng.integers(0, 2, (32, 48)).astype(np.uint8) * 255, "contrast 0.50 is outside of"),
        (black, "black share 0.50 is outside of 0.00 to 0.00"),
        (steel(shape=(32, 49)), "size 32 x 49 is outside of 32 x 48, that of the 4 training pictures"),
    ):
        assert any(line.startswith(word) for line in predictor(picture).warnings), word


def test_without_statistics_nothing_is_said() -> None:
    assert bright_predictor()(np.full((7, 9), 255, np.uint8)).warnings == ()


def test_a_class_that_is_never_drawn_is_named_at_any_size() -> None:
    model = BrightModel()
    rules = (ClassRule(0.7, 0.5, SPEC.pixels + 1), ClassRule(0.7, 0.5, 2))
    model.description = replace(model.description, rules=Rules(SPEC.classes, rules))
    for shape in ((32, 48), (320, 48)):
        result = Predictor(model)(np.full(shape, 255, np.uint8))
        assert result.warnings[0].startswith("bright spot is never drawn")
        assert result.ok
    found = Predictor(model, threshold=0.5)(np.full((32, 48), 255, np.uint8))
    assert found.warnings == ()
    assert not found.ok
