"""The rows shown are the selected ones, at any number of classes."""

import re

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.evaluation.errors import ERROR_KINDS, select_worst
from severstal.report.errors import worst_errors
from severstal.report.errors.panels import PairRow, side_by_side, window


def captions(figure) -> list[str]:
    """The captions above the rows."""
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    return [text for text in texts if ": " in text]


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_worst_errors(every, kind, readable):
    figure = worst_errors(every.errors, kind, *every.lookups, every.reader)
    readable(figure)
    own = every.errors[every.errors["kind"] == kind]
    if own.empty:
        assert figure.texts[1].get_text() == "There is none."
        return
    assert figure.texts[1].get_text().startswith(f"{len(own):,} in all")
    assert figure.photographic
    chosen = select_worst(every.errors, kind, every.spec, 8)
    captioned = captions(figure)
    assert len(captioned) == len(chosen) <= 8
    for text, image in zip(captioned, chosen["ImageId"], strict=True):
        assert image in text


def test_each_row_is_picture_truth_map_and_mask(predicted):
    figure = worst_errors(predicted.errors, "missed", *predicted.lookups, predicted.reader)
    rows = len(captions(figure))
    assert rows
    heads = [axes.get_title(loc="left").strip() for axes in figure.axes[: 4 * rows]]
    assert [re.split(":", head)[0] for head in heads] == ["picture", "truth", "map", "mask"] * rows
    for place in range(2, 4 * rows, 4):
        (image,) = figure.axes[place].images
        assert image.get_clim() == (0, 255)


def test_the_window_holds_most_wrong_pixels():
    rng = np.random.default_rng(0)
    for _ in range(30):
        truth, mask = (np.uint8(rng.random((6, 40)) < 0.1) * 4 for _ in range(2))
        wrong = truth != mask
        row = PairRow("", 3, truth, truth, (truth,), mask)
        rows, columns = window(row, (6, 15))
        assert (rows.start, rows.stop) == (0, 6)
        assert columns.stop - columns.start == 15
        assert wrong[:, columns].sum() == max(wrong[:, at : at + 15].sum() for at in range(26))


def test_without_a_mask_the_window_holds_the_largest_difference_of_the_maps():
    empty = np.zeros((4, 30), np.uint8)
    one, other = empty.copy(), empty.copy()
    one[:, 25:28] = 90
    one[:, :5] = other[:, :5] = 250
    _, columns = window(PairRow("", 1, empty, empty, (one, other)), (4, 8))
    assert columns.start <= 25
    assert columns.stop >= 28


def test_tall_pictures_are_cropped(readable):
    spec = Spec("tall", (200, 40), ("hole",))
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, spec.image_shape).astype(np.uint8)
    mask = np.zeros(spec.image_shape, np.uint8)
    mask[150:180, 5:20] = 1
    row = PairRow("a caption that is too long for its place " * 6, 1, picture, mask, (mask * 99,), mask * 0)
    figure = side_by_side([row, row], spec, "Tall", "")
    readable(figure)
    assert figure.axes[0].get_ylim() == (100, 0)
