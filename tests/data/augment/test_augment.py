"""Training crops: of the right size, of picture and mask alike, decided by the seed alone."""

import pickle
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.shapes import Shapes
from severstal.competition.spec import Spec
from severstal.data.augment import Augment, Donors
from severstal.recipe import AugmentSettings

SHAPE = (64, 200)
PLAIN = {"brightness": 0.0, "contrast": 0.0, "horizontal_flip": 0.0, "vertical_flip": 0.0}


def numbered() -> tuple[np.ndarray, np.ndarray]:
    """A picture whose value tells the column, and a mask that is the picture's lowest bit."""
    picture = np.broadcast_to(np.arange(200, dtype=np.uint8), SHAPE).copy()
    return picture, picture & 1


@pytest.mark.parametrize(
    ("crop", "size"),
    [((32, 64), (32, 64)), ((64, 200), (64, 200)), ((256, 512), (64, 200)), ((256, 48), (64, 48))],
)
def test_crops_have_the_size_asked_for_or_the_picture_s(crop: tuple[int, int], size: tuple[int, int]) -> None:
    picture, bits = Augment(AugmentSettings(crop=crop), SHAPE)(*numbered(), seed=0)
    assert picture.shape == bits.shape == size


@pytest.mark.parametrize("non_empty", [0.0, 1.0])
def test_picture_and_mask_are_cut_and_mirrored_together(non_empty: float) -> None:
    settings = AugmentSettings(crop=(32, 48), non_empty=non_empty, brightness=0, contrast=0)
    augment = Augment(settings, SHAPE)
    for seed in range(20):
        picture, bits = augment(*numbered(), seed=seed)
        assert np.array_equal(picture & 1, bits)


def test_the_seed_alone_decides() -> None:
    augment = Augment(AugmentSettings(crop=(32, 64)), SHAPE)
    first = [augment(*numbered(), seed=seed)[0] for seed in range(8)]
    again = [augment(*numbered(), seed=seed)[0] for seed in reversed(range(8))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({picture.tobytes() for picture in first}) == 8


def test_crops_come_from_the_whole_picture() -> None:
    augment = Augment(AugmentSettings(crop=(64, 20), non_empty=0.0, **PLAIN), SHAPE)
    lefts = [int(augment(*numbered(), seed=seed)[0][0, 0]) for seed in range(300)]
    assert min(lefts) < 10
    assert max(lefts) > 170


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0, 60), (0.5, 130, 270), (1.0, 300, 300)])
def test_the_share_of_non_empty_crops(share: float, low: int, high: int) -> None:
    picture, bits = numbered()[0], np.zeros(SHAPE, np.uint8)
    bits[30:34, 100:104] = 1  # a crop of 32 x 20 rarely meets it by chance
    augment = Augment(AugmentSettings(crop=(32, 20), non_empty=share, **PLAIN), SHAPE)
    hits = sum(bool(augment(picture, bits, seed=seed)[1].any()) for seed in range(300))
    assert low <= hits <= high


def test_a_clean_picture_gives_a_clean_crop() -> None:
    picture, bits = numbered()[0], np.zeros(SHAPE, np.uint16)
    crop, mask = Augment(AugmentSettings(crop=(32, 20), non_empty=1.0), SHAPE)(picture, bits, seed=3)
    assert crop.shape == mask.shape == (32, 20)
    assert mask.dtype == np.uint16
    assert not mask.any()


@pytest.mark.parametrize("shape", [(40, 40, 3), (40, 40), (30, 50)])
def test_a_transposed_picture_is_cropped_and_padded_as_another_of_that_shape(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(16, 256, shape).astype(np.uint8)
    bits = picture.reshape(*shape[:2], -1)[..., 0] & 1
    augment = Augment(AugmentSettings(crop=(40, 40), transpose=1.0, non_empty=0.0, **PLAIN), shape[:2])
    crop, mask = augment(picture, bits, seed=1)
    height, width = crop.shape[:2]
    assert (height, width) == (min(40, shape[0]), min(40, shape[1]))
    turned = np.pad(picture.swapaxes(0, 1), [(0, 40), (0, 40)] + [(0, 0)] * (picture.ndim - 2))
    places = [turned[top : top + height, :width] for top in range(shape[1] - height + 1)]
    assert any(np.array_equal(crop, place) for place in places)
    seen = crop.reshape(height, width, -1)[..., 0]
    assert np.array_equal(mask, np.where(seen > 0, seen & 1, 0))


def test_flips_and_transposition_give_all_eight_orientations() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (24, 24)).astype(np.uint8)
    settings = AugmentSettings(crop=(24, 24), transpose=0.5, brightness=0.0, contrast=0.0)
    augment = Augment(settings, (24, 24))
    seen = {augment(picture, picture, seed)[0].tobytes() for seed in range(100)}
    turned = [np.rot90(side, times) for side in (picture, picture.T) for times in range(4)]
    assert seen == {each.tobytes() for each in turned}


def test_probabilities_are_transposed_with_the_picture() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (24, 24)).astype(np.uint8)
    settings = AugmentSettings(crop=(16, 16), transpose=0.5, brightness=0.0, contrast=0.0)
    for seed in range(12):
        crop, _, soft = Augment(settings, (24, 24)).with_probabilities(picture, picture, picture[None], seed)
        assert np.array_equal(soft[0], crop)


ALL = {
    "black_aware": True,
    "blackout": 0.5,
    "copy_paste": 0.5,
    "cyclic_shift": 0.5,
    "roll_shift": 0.5,
    "jpeg": 0.5,
    "multi_scale": 0.3,
    "transpose": 0.5,
}


def labelled(shape: tuple[int, int], dtype: type) -> tuple[np.ndarray, np.ndarray, Donors]:
    """Steel with a bright defect of the last class, and a donor that is the picture itself."""
    spec = Spec("drawn", shape, tuple(f"class {k}" for k in range(1, 8 * dtype().itemsize + 1)))
    picture = np.random.default_rng(0).integers(80, 100, shape).astype(np.uint8)
    mask = np.zeros(shape, np.uint8)
    mask[shape[0] // 2 :, 20:32] = 1
    picture[mask > 0] = 200
    table = pd.DataFrame({"ImageId": ["a"], "ClassId": [len(spec.classes)], "EncodedPixels": [encode(mask)]})
    masks = Masks(table, spec)
    return picture, masks["a"], Donors(SimpleNamespace(picture={"a": picture}.get), masks, ["a"], spec)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(64, 200), (80, 80), (200, 64), (37, 53)])
def test_every_switch_at_once_keeps_sizes_types_and_the_seed_s_word(
    shape: tuple[int, int], dtype: type
) -> None:
    picture, bits, donors = labelled(shape, dtype)
    before = (picture.copy(), bits.copy())
    augment = Augment(AugmentSettings(crop=(32, 48), **ALL), shape, donors)
    crops = [augment(picture, bits, seed) for seed in range(20)]
    for crop, mask in crops:
        assert crop.shape == mask.shape == (min(32, shape[0]), min(48, shape[1]))
        assert crop.dtype == np.uint8
        assert mask.dtype == dtype
        assert crop.flags.writeable
        assert mask.flags.writeable
        assert crop.flags.c_contiguous
        assert mask.flags.c_contiguous
        assert not np.shares_memory(crop, picture)
        assert not np.shares_memory(mask, bits)
    again = [augment(picture, bits, seed) for seed in reversed(range(20))][::-1]
    assert all(
        np.array_equal(a, b)
        for one, two in zip(crops, again, strict=True)
        for a, b in zip(one, two, strict=True)
    )
    assert np.array_equal(picture, before[0])
    assert np.array_equal(bits, before[1])


@pytest.mark.parametrize("switch", [name for name in ALL if name not in ("black_aware", "multi_scale")])
def test_a_switch_leaves_the_other_draws_as_they_were(switch: str) -> None:
    picture, bits, donors = labelled((64, 200), np.uint8)
    plain = AugmentSettings(crop=(32, 48), brightness=0.0, contrast=0.0)
    off, on = (Augment(s, (64, 200), donors) for s in (plain, replace(plain, **{switch: 1e-9})))
    same = [np.array_equal(off(picture, bits, seed)[1], on(picture, bits, seed)[1]) for seed in range(20)]
    assert all(same)


@given(st.integers(0, 2**40), st.floats(0.0, 0.9))
@settings(max_examples=60, deadline=None)
def test_each_pixel_of_the_mask_stays_with_its_pixel(seed: int, multi_scale: float) -> None:
    """The picture tells the row and the column of each pixel, and the mask tells the same."""
    rows, columns = np.mgrid[:60, :200]
    for picture in (rows * 4, columns):
        settings = AugmentSettings(
            crop=(30, 70), brightness=0.0, contrast=0.0, multi_scale=multi_scale, non_empty=0.0
        )
        crop, mask = Augment(settings, (60, 200))(picture.astype(np.uint8), picture.astype(np.uint16), seed)
        # Shown larger or smaller, a pixel of the picture is a mean, one of the mask the nearest.
        step = 0 if multi_scale == 0 else 4 / (1 - multi_scale) + 1
        assert np.abs(crop.astype(int) - mask).max() <= step


def test_pasting_needs_donors() -> None:
    with pytest.raises(ValueError, match="donors"):
        Augment(AugmentSettings(copy_paste=0.5), SHAPE)


def test_it_travels_to_a_worker_and_draws_the_same_there() -> None:
    picture, bits, _ = labelled((64, 200), np.uint8)
    augment = Augment(AugmentSettings(crop=(32, 48), jpeg=1.0, cyclic_shift=1.0), (64, 200))
    there = pickle.loads(pickle.dumps(augment))
    assert np.array_equal(augment(picture, bits, 3)[0], there(picture, bits, 3)[0])


@pytest.mark.parametrize("shape", [(20, 30), (1, 50), (150, 12)])
@pytest.mark.parametrize("black_aware", [False, True])
def test_a_picture_smaller_than_the_crop_is_padded_with_black(
    shape: tuple[int, int], black_aware: bool
) -> None:
    picture = np.random.default_rng(0).integers(60, 200, shape, np.uint8)
    settings = AugmentSettings(crop=(64, 64), black_aware=black_aware, **PLAIN)
    for seed in range(8):
        crop, bits = Augment(settings, (150, 200))(picture, picture & 1, seed)
        assert crop.shape == bits.shape == (64, 64)
        rows, columns = min(64, shape[0]), min(64, shape[1])
        shown = crop != 0
        assert shown.sum() == rows * columns == shown[:, : shape[1]][: shape[0]].sum()
        assert np.array_equal(bits, crop & 1)  # of black nothing is labelled


def test_all_switches_take_a_tiny_picture() -> None:
    known = {"a": (9, 12), "b": (40, 30)}
    spec = Spec("tiles", None, ("a", "b"), Shapes(known=known))
    table = pd.DataFrame(
        [("a", 1, "5 3"), ("b", 2, "100 20 140 20")], columns=["ImageId", "ClassId", "EncodedPixels"]
    )
    store = {
        name: np.random.default_rng(3).integers(60, 90, shape, np.uint8) for name, shape in known.items()
    }
    donors = Donors(SimpleNamespace(picture=store.get), Masks(table, spec), list(known), spec)
    masks = Masks(table, spec)
    switches = dict.fromkeys(("blackout", "copy_paste", "cyclic_shift", "roll_shift", "jpeg"), 1.0)
    augment = Augment(AugmentSettings(crop=(32, 48), multi_scale=0.3, **switches), (40, 30), donors)
    for seed in range(6):
        for name in known:
            picture, bits = augment(store[name], masks[name], seed)
            assert picture.shape == bits.shape == (32, 30)


@pytest.mark.parametrize("crop", [(32, 64), (96, 240)])
def test_probabilities_are_cut_with_the_picture(crop: tuple[int, int]) -> None:
    settings = AugmentSettings(crop=crop, brightness=0.0, contrast=0.0, multi_scale=0.3)
    augment = Augment(settings, (96, 240))
    picture, bits = numbered()
    soft = np.stack([picture, 255 - picture])
    for seed in range(8):
        cut, mask, probabilities = augment.with_probabilities(picture, bits, soft, seed)
        plain = augment(picture, bits, seed)
        assert np.array_equal(cut, plain[0])
        assert np.array_equal(mask, plain[1])
        assert np.array_equal(probabilities[0], cut)  # cut, resized and mirrored as the picture is
        assert probabilities.shape == (2, *cut.shape)


@pytest.mark.parametrize("switch", ["cyclic_shift", "blackout"])
def test_probabilities_follow_nothing_that_moves_steel(switch: str) -> None:
    augment = Augment(AugmentSettings(**{switch: 0.5}), SHAPE)
    picture, bits = numbered()
    with pytest.raises(ValueError, match="probabilities follow no"):
        augment.with_probabilities(picture, bits, picture[None], seed=0)


def _colours(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


@pytest.mark.parametrize("upright", [False, True])
def test_three_equal_channels_are_augmented_as_grey_is(upright: bool) -> None:
    rng = np.random.default_rng(1)
    shape = (200, 64) if upright else SHAPE
    spec = Spec("s", shape, ("a",))
    store = {name: rng.integers(70, 110, shape, np.uint8) for name in "ab"}
    store["a"][:20] = 2  # a black band
    rows = []
    for name in "ab":
        mask = np.zeros(shape, bool)
        mask[shape[0] // 2 : shape[0] // 2 + 9, 20:32] = True
        store[name][mask] = 160
        rows.append((name, 1, encode(mask)))
    masks = Masks(pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"]), spec)
    switches = dict.fromkeys(("blackout", "copy_paste", "cyclic_shift", "roll_shift"), 0.8)
    settings = AugmentSettings(crop=(48, 56), multi_scale=0.2, black_aware=True, **switches)
    grey, colour = (
        Augment(settings, shape, Donors(SimpleNamespace(picture=get), masks, ["a", "b"], spec))
        for get in (store.get, lambda name: _colours(store[name]))
    )
    for seed in range(30):
        name = "ab"[seed % 2]
        picture, bits = grey(store[name], masks[name], seed)
        coloured, coloured_bits = colour(_colours(store[name]), masks[name], seed)
        assert coloured.shape == (48, 56, 3)
        assert np.array_equal(bits, coloured_bits)
        assert np.abs(coloured.astype(int) - _colours(picture)).max() <= 1  # rounded channel by channel


def test_a_colour_stays_a_colour() -> None:
    red = np.full((64, 96, 3), (200, 40, 20), np.uint8)
    settings = AugmentSettings(crop=(32, 48), roll_shift=1.0, jpeg=1.0, cyclic_shift=1.0)
    for seed in range(10):
        crop, _ = Augment(settings, (64, 96))(red, np.zeros((64, 96), np.uint8), seed)
        assert crop.shape == (32, 48, 3)
        assert crop.dtype == np.uint8
        mean = crop.reshape(-1, 3).mean(0)
        assert mean[0] > mean[1] + 60 > mean[2]
