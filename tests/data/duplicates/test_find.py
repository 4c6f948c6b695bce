"""Copies are found whatever was done to them; different steel, black and plain pictures are not paired."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.folder import open_input
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.data.duplicates import duplicate_groups, find_duplicates
from severstal.data.duplicates.orientation import ORIENTATIONS, orient
from severstal.data.duplicates.overlay import Overlay, lay_on
from severstal.data.folds import split_folds
from severstal.data.pictures import read_picture
from severstal.synthetic import draw_sample

TILES = Spec("tiles", (256, 512), ("a",))


def store(**held: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(names=list(held), picture=held.get)


def found(**held: np.ndarray) -> list[tuple[str, str]]:
    pairs = find_duplicates(store(**held))
    return list(zip(pairs["first"], pairs["second"], strict=True))


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0)


def grey(picture: np.ndarray) -> np.ndarray:
    return picture.round().clip(0, 255).astype(np.uint8)


def moved(picture: np.ndarray, other: np.ndarray, y: int, x: int) -> np.ndarray:
    """The picture shifted over another one, as if the camera had gone on along the strip."""
    copy, (height, width) = other.copy(), picture.shape
    there = np.s_[max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)]
    copy[there] = picture[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    return copy


def noisy(picture: np.ndarray, sigma: float) -> np.ndarray:
    return grey(picture + np.random.default_rng(0).normal(0, sigma, picture.shape))


ALTERED: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "equal": lambda picture, other: picture.copy(),
    "quality 50": lambda picture, other: jpeg(picture, 50),
    "brighter": lambda picture, other: grey(picture * 1.3 + 12),
    "darker": lambda picture, other: grey(picture * 0.6),
    "noisy": lambda picture, other: noisy(picture, 6),
    "a few pixels": lambda picture, other: moved(picture, other, 3, -5),
    "tens of pixels": lambda picture, other: moved(picture, other, -33, 41),
    "all": lambda picture, other: jpeg(noisy(moved(picture, other, 17, -30) * 1.2 - 8, 3), 60),
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    data = tmp_path_factory.mktemp("drawn") / "sample"
    draw_sample(data, 16, 8, seed=3)
    return [read_picture(path, SEVERSTAL) for path in sorted(open_input(data).train_images.iterdir())]


@pytest.fixture(scope="module")
def real(real_data: Path) -> dict[str, np.ndarray]:
    folder = real_data / "severstal" / "train_images"
    return {path.name: read_picture(path, SEVERSTAL) for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("kind", ALTERED)
def test_a_copy_of_drawn_steel_is_found(drawn: list[np.ndarray], kind: str) -> None:
    copy = ALTERED[kind](drawn[0], drawn[1])
    assert found(a=drawn[0], b=drawn[2], c=copy) == [("a", "c")]


@pytest.mark.parametrize("kind", ALTERED)
def test_copies_of_real_steel_are_found(real: dict[str, np.ndarray], kind: str) -> None:
    names = list(real)[:12]
    copies = {f"copy of {name}": ALTERED[kind](real[name], real[names[-1]]) for name in names[:-1:2]}
    pairs = found(**{name: real[name] for name in names[:-1]}, **copies)
    assert set(pairs) == {(name, f"copy of {name}") for name in names[:-1:2]}


def test_no_two_of_the_real_pictures_are_paired(real: dict[str, np.ndarray]) -> None:
    # Among them are two of one roll, 0b6cc9daa and e764efaa9, with the same lines and the same stain.
    assert found(**real) == []


def test_different_steel_of_one_roll_is_not_paired(drawn: list[np.ndarray]) -> None:
    whole = drawn[0]
    parts = {f"part {x}": np.tile(whole[:, x : x + 400], (1, 4)) for x in (0, 400, 800)}
    assert found(**parts) == []


@settings(max_examples=8, deadline=None)
@given(st.integers(-15, 15), st.integers(-30, 30), st.floats(0.6, 1.4), st.integers(0, 99))
def test_shift_and_gain_are_measured(y: int, x: int, gain: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, other = (
        cv2.GaussianBlur(rng.normal(90, 60, (128, 400)), (0, 0), 1.5).clip(20, 160) for _ in range(2)
    )
    second = moved(first, other, y, x) * gain + 3
    (pair,) = find_duplicates(store(a=grey(first), b=grey(second))).itertuples()
    assert (pair.shift_y, pair.shift_x) == (y, x)
    assert pair.gain == pytest.approx(gain, abs=0.02)
    assert pair.difference < 1
    assert pair.agreement > 0.9


@pytest.mark.parametrize("level", [0, 3, 90, 255])
def test_pictures_without_texture_are_nobodys_duplicates(level: int) -> None:
    flat = np.full((64, 200), level, np.uint8)
    assert found(a=flat, b=flat.copy(), c=flat.copy()) == []


def test_a_vertical_line_or_a_black_band_makes_no_pair() -> None:
    rng = np.random.default_rng(0)
    first, second = (rng.integers(60, 90, (128, 800)).astype(np.uint8) for _ in range(2))
    for picture in (first, second):
        picture[:, 300:306] = 10
        picture[:, 420:] = 2
    assert found(a=first, b=second) == []


def test_letterboxed_pictures_are_judged_by_what_is_in_the_box() -> None:
    rng = np.random.default_rng(0)
    tiles = [cv2.GaussianBlur(rng.normal(90, 60, (256, 180)), (0, 0), 1.5) for _ in range(3)]
    boxed = [
        np.pad(grey(tile), ((0, 0), (0, 332))) for tile in (tiles[0], tiles[1], tiles[0] * 1.1, tiles[2])
    ]
    assert found(a=boxed[0], b=boxed[1], c=boxed[2], d=boxed[3]) == [("a", "c")]


def test_one_picture_and_none() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (64, 96)).astype(np.uint8)
    for pairs in (find_duplicates(store()), find_duplicates(store(a=picture))):
        assert len(pairs) == 0
        assert pairs["shift_y"].dtype == "int64"
        assert duplicate_groups(["a"], pairs).to_dict() == {"a": 0}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("shape", [(200, 200), (256, 512), (256, 1600)])
def test_every_orientation_is_found_and_named(shape: tuple[int, int], orientation: str) -> None:
    rng = np.random.default_rng(1)
    first, other = (grey(cv2.GaussianBlur(rng.normal(90, 60, shape), (0, 0), 1.5)) for _ in range(2))
    turned = grey(orient(first, orientation) * 0.9 + 5)
    pairs = find_duplicates(store(a=first, b=other, c=jpeg(np.ascontiguousarray(turned), 70)))
    (pair,) = pairs.itertuples()
    assert (pair.first, pair.second, pair.orientation) == ("a", "c", orientation)
    assert (pair.scale, pair.shift_y, pair.shift_x) == (1.0, 0, 0)
    assert pair.gain == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("scale", [0.85, 0.9, 0.95, 1.05, 1.1, 1.18])
@pytest.mark.parametrize("shape", [(200, 200), (256, 512), (256, 1600)])
def test_every_scale_is_found_and_measured(shape: tuple[int, int], scale: float) -> None:
    rng = np.random.default_rng(2)
    first, other = (grey(cv2.GaussianBlur(rng.normal(90, 60, shape), (0, 0), 1.5)) for _ in range(2))
    turned = np.ascontiguousarray(first[:, ::-1])
    overlay = Overlay("mirrored left-right", scale, 4, -6)
    copy = np.where(lay_on(np.ones_like(first), overlay, shape) > 0, lay_on(first, overlay, shape), turned)
    (pair,) = find_duplicates(store(a=first, b=other, c=copy)).itertuples()
    assert (pair.first, pair.second, pair.orientation) == ("a", "c", "mirrored left-right")
    assert pair.scale == pytest.approx(scale, abs=0.01)
    assert (pair.shift_y, pair.shift_x) == (pytest.approx(4, abs=1.1), pytest.approx(-6, abs=1.1))


@pytest.mark.parametrize("side", [32, 48, 64, 128])
@pytest.mark.parametrize("sigma", [1.5, 3.0, 6.0])
def test_unlike_small_pictures_are_not_paired(side: int, sigma: float) -> None:
    rng = np.random.default_rng(0)
    held = {}
    for number in range(40):
        noise = cv2.GaussianBlur(rng.normal(size=(side, side)), (0, 0), sigma)
        held[f"n{number}"] = grey(100 + 25 * noise / noise.std())
    assert found(**held) == []


def test_one_spot_each_makes_no_pair_of_small_pictures() -> None:
    rng, held = np.random.default_rng(0), {}
    for number in range(40):
        picture = rng.normal(120, 3, (64, 64))
        cv2.circle(picture, rng.integers(10, 54, 2).tolist(), int(rng.integers(3, 8)), 60, -1)
        held[f"n{number}"] = grey(picture)
    assert found(**held) == []


@pytest.mark.parametrize("moved_by", [0, 4])
def test_the_background_of_a_camera_or_a_product_makes_no_pair(moved_by: int) -> None:
    rng = np.random.default_rng(0)
    background = cv2.GaussianBlur(rng.normal(90, 90, (160, 160)), (0, 0), 2).clip(20, 160)
    held = {}
    for number in range(24):
        y, x = rng.integers(-moved_by, moved_by + 1, 2)
        picture = np.roll(background, (y, x), (0, 1)) * rng.uniform(0.9, 1.1) + rng.normal(0, 3, (160, 160))
        cv2.circle(picture, rng.integers(15, 145, 2).tolist(), 6, 30, -1)
        held[f"n{number}"] = grey(picture)
    assert found(**held) == []
    # A copy of one of them is still found, by its noise and its spot.
    copy = jpeg(np.ascontiguousarray(held["n3"][::-1]), 95)
    assert found(**held, copy=copy) == [("n3", "copy")]


def test_pairs_across_two_sets_alone(drawn: list[np.ndarray]) -> None:
    train = store(a=drawn[0], b=drawn[1], c=drawn[0])
    test = store(a=drawn[2], x=np.ascontiguousarray(drawn[1][::-1]), y=drawn[2])
    (pair,) = find_duplicates(train, test).itertuples()
    assert (pair.first, pair.second, pair.orientation) == ("b", "x", "mirrored top-bottom")


def test_a_third_in_common_makes_no_pair() -> None:
    rng = np.random.default_rng(3)
    first, second = (grey(cv2.GaussianBlur(rng.normal(90, 60, (128, 600)), (0, 0), 1.5)) for _ in range(2))
    second[:, :200] = first[:, :200]
    assert found(a=first, b=second) == []


def test_one_strong_edge_on_different_grain_makes_no_pair() -> None:
    rng, held = np.random.default_rng(0), {}
    for name in "abcd":
        picture = cv2.GaussianBlur(rng.normal(90, 30, (128, 400)), (0, 0), 1.5)
        cv2.line(picture, (20, 30), (380, 100), 220, 5)
        held[name] = grey(picture)
    assert found(**held) == []


@pytest.mark.parametrize("level", [2, 255])
def test_black_and_white_do_not_count_for_the_gain(level: int) -> None:
    rng = np.random.default_rng(0)
    first = grey(cv2.GaussianBlur(rng.normal(90, 60, (128, 400)), (0, 0), 1.5).clip(30, 160))
    second = grey(first * 1.4 - 20)
    first[:, 330:], second[:, 330:] = level, level
    (pair,) = find_duplicates(store(a=first, b=second)).itertuples()
    assert pair.gain == pytest.approx(1.4, abs=0.03)
    assert pair.difference < 1.5


EXPOSURES = [1, 2, 3, 4, 5, 6]
TOGETHER = 150  # a tile's exposures have numbers that rise by less from one to the next
# Its exposures were cut by hand so differently that the last is 0.73 times as wide as the first: no shift
# lays one on the other.
CUT_OTHERWISE = {"exp1_num_20362.jpg"}


def exposures_of_a_tile(names: list[str]) -> list[list[str]]:
    """Sort the names by number, which rises with time: where 1 to 6 come in a row, they show one tile."""
    read = sorted(
        (int(number), int(kind), name)
        for name in names
        for kind, number in re.findall(r"(\d+)_num_(\d+)", name)
    )
    runs = [read[row : row + 6] for row in range(len(read))]
    runs = [run for run in runs if [kind for _, kind, _ in run] == EXPOSURES]
    close = [run for run in runs if max(b[0] - a[0] for a, b in pairwise(run)) < TOGETHER]
    return [[name for *_, name in run] for run in close if run[0][2] not in CUT_OTHERWISE]


@pytest.mark.slow
def test_no_exposure_of_a_magnetic_tile_crosses_a_fold(real_data: Path) -> None:
    folder = real_data / "magnetic_tile"
    paths = {
        path.name: path for part in ("train_images", "test_images") for path in (folder / part).iterdir()
    }
    held = {name: read_picture(path, TILES) for name, path in sorted(paths.items())}
    groups = duplicate_groups(list(held), find_duplicates(store(**held)))
    tiles = exposures_of_a_tile(list(held))
    assert len(tiles) > 180
    folds = split_folds(list(held), np.zeros((len(held), 1), bool), 5, groups=groups).set_index("ImageId")[
        "fold"
    ]
    assert [tile for tile in tiles if len(set(folds[tile])) > 1] == []
    # And what is grouped is nearly always just one tile: six exposures, some tiles photographed twice.
    sizes = groups.value_counts()
    assert (sizes == 6).mean() > 0.85
    assert sizes.max() <= 18


def test_small_pictures_among_large_ones_are_no_duplicates_by_chance() -> None:
    rng, held = np.random.default_rng(3), {}
    for index in range(18):
        height, width = ((20, 30), (64, 96), (150, 70), (128, 200))[index % 4]
        grey = rng.integers(80, 120, (height, width)).astype(np.uint8)
        top, left = rng.integers(0, height // 2), rng.integers(0, width // 2)
        grey[top : top + height // 3, left : left + width // 3] = 230
        held[f"{index:02d}"] = grey
    held["copy"] = np.ascontiguousarray(np.rot90(held["03"], 2)) + 3
    found = find_duplicates(SimpleNamespace(names=list(held), picture=held.get))
    assert found[["first", "second"]].to_numpy().tolist() == [["03", "copy"]]
