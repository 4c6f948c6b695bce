"""Selection of confident pseudo-labels, against plain arithmetic and scipy; writing and reading them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from severstal.competition.spec import Spec
from severstal.data.images import ImageStore
from severstal.data.pseudo import judge_pseudo_label, label_rows, load_labels, near_edges, save_labels
from severstal.errors import SeverstalError
from severstal.recipe import PseudoSettings

SPEC = Spec("tiny", (7, 12), ("scratch", "hole"))
MASKS = arrays(bool, (2, 7, 12), elements=st.booleans() | st.just(False))


def blob(value: int, soft: int = 0) -> np.ndarray:
    """A map with a square of 20 pixels of one value, and round it a rim of 2 pixels on either side."""
    maps = np.zeros((2, 40, 60), np.uint8)
    if soft:
        maps[0, 8:32, 18:42] = 120
        maps[0, 10:30, 20:40] = soft
    maps[0, 12:28, 22:38] = value
    return maps


def sure_of(maps: np.ndarray) -> np.ndarray:
    return maps.max((1, 2))


@settings(max_examples=60, deadline=None)
@given(MASKS, st.integers(0, 6))
def test_the_band_at_the_edges_is_what_erosion_by_a_disk_leaves_out(masks: np.ndarray, edge: int) -> None:
    y, x = np.ogrid[-edge : edge + 1, -edge : edge + 1]
    disk = x**2 + y**2 <= edge**2
    expected = np.zeros(masks.shape[1:], bool)
    for mask in masks:
        for side in (mask, ~mask):
            expected |= side & ~ndimage.binary_erosion(side, disk, border_value=1)
    assert np.array_equal(near_edges(masks, edge), expected)


def test_a_mask_over_the_whole_picture_has_no_edge() -> None:
    assert not near_edges(np.ones((1, 5, 8), bool), 1000).any()
    assert near_edges(np.eye(5, dtype=bool)[None], 1000).all()


@settings(max_examples=200, deadline=None)
@given(
    arrays(np.uint8, (2, 4, 5), elements=st.sampled_from([0, 12, 13, 100, 127, 128, 242, 243, 255])),
    arrays(np.uint8, 2, elements=st.sampled_from([0, 12, 13, 127, 128, 242, 243, 255])),
    st.sampled_from([0.0, 0.5, 0.9, 1.0]),
)
def test_the_verdict_is_that_of_plain_arithmetic(maps: np.ndarray, classes: np.ndarray, share: float) -> None:
    rules = PseudoSettings(confidence=0.95, confident_pixels=share, edge=0)
    verdict, masks = judge_pseudo_label(maps, classes, rules)
    p, c = maps / 255, classes / 255
    assert np.array_equal(masks, p >= 0.5)
    pixels = ((p > 0.95) | (p < 0.05)).all(0).mean()
    if not ((c > 0.95) | (c < 0.05)).all():
        expected = "class unsure"
    elif any((c[k] > 0.5) != (p[k] >= 0.5).any() for k in range(2)):
        expected = "class and mask disagree"
    else:
        expected = "taken" if pixels >= share else "pixels unsure"
    assert verdict == expected


def test_what_is_unsure_at_the_edge_of_a_mask_does_not_count() -> None:
    maps = blob(255, soft=140)
    strict = PseudoSettings(confident_pixels=1.0, edge=3)
    assert judge_pseudo_label(maps, sure_of(maps), strict)[0] == "taken"
    assert (
        judge_pseudo_label(maps, sure_of(maps), PseudoSettings(confident_pixels=1.0, edge=0))[0]
        == "pixels unsure"
    )
    maps[0, 20, 30] = 140  # within the mask
    assert judge_pseudo_label(maps, sure_of(maps), strict)[0] == "pixels unsure"
    assert (
        judge_pseudo_label(maps, sure_of(maps), PseudoSettings(confident_pixels=0.99, edge=3))[0] == "taken"
    )


@pytest.mark.parametrize(
    ("classes", "verdict"),
    [
        ((255, 0), "taken"),
        ((0, 0), "class and mask disagree"),
        ((255, 255), "class and mask disagree"),
        ((255, 40), "class unsure"),
        ((200, 0), "class unsure"),
    ],
)
def test_classes_must_be_confident_and_agree_with_the_masks(classes: tuple[int, int], verdict: str) -> None:
    assert judge_pseudo_label(blob(255), np.uint8(classes), PseudoSettings())[0] == verdict


@pytest.mark.parametrize("sure", [0.5, 0.6, 0.7, 0.8, 0.95, 1.0])
def test_sure_is_above_and_below_never_at(sure: float) -> None:
    for value in range(256):
        maps = np.full((1, 1, 1), value, np.uint8)
        far = max(value, 255 - value) > round(sure * 255, 6)
        taken = judge_pseudo_label(maps, maps[:, 0, 0], PseudoSettings(confidence=sure))[0] == "taken"
        assert taken == far, value


@settings(max_examples=60, deadline=None)
@given(st.lists(MASKS, min_size=1, max_size=4))
def test_labels_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[np.ndarray]
) -> None:
    folder = tmp_path_factory.mktemp("labels")
    names = [f"{number}.png" for number in range(len(drawn) + 1)]
    rows = [row for name, masks in zip(names, drawn, strict=False) for row in label_rows(name, masks)]
    save_labels(rows, folder / "pseudo.csv")
    data = load_labels(folder / "pseudo.csv", store(folder, names), SPEC)
    assert list(data.names) == names[:-1]
    for name, masks in zip(names, [*drawn, np.zeros_like(drawn[0])], strict=True):
        assert np.array_equal(data.masks[name] == 0, ~masks.any(0))
        assert all(np.array_equal(data.masks[name] >> k & 1, masks[k]) for k in range(2))
    assert np.array_equal(data.masks.presence(names[:-1]), np.array(drawn).any((2, 3)))


def test_no_picture_taken(tmp_path: Path) -> None:
    save_labels([], tmp_path / "pseudo.csv")
    assert not load_labels(tmp_path / "pseudo.csv", store(tmp_path, ["a.png"]), SPEC).names


@pytest.mark.parametrize("row", ["b.png,1,1 2", "a.png,3,1 2", "a.png,1,84 2", "a.png,1"])
def test_a_table_changed_by_hand_is_refused_in_one_line(tmp_path: Path, row: str) -> None:
    (tmp_path / "pseudo.csv").write_text(f"ImageId,ClassId,EncodedPixels\n{row}\n")
    with pytest.raises(SeverstalError, match=r"pseudo\.csv row 1: ") as error:
        load_labels(tmp_path / "pseudo.csv", store(tmp_path, ["a.png"]), SPEC)
    assert "\n" not in str(error.value)


def store(folder: Path, names: list[str]) -> ImageStore:
    (folder / "pixels").write_bytes(bytes(len(names) * SPEC.pixels))
    return ImageStore(
        names,
        "",
        folder / "pixels",
        range(0, len(names) * SPEC.pixels, SPEC.pixels),
        [SPEC.image_shape] * len(names),
    )
