"""Each feature is that of an independent computation."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.spec import SEVERSTAL
from severstal.data.features import LEVELS, black_bands, describe_picture, picture_features
from severstal.data.pictures import read_picture


def noise(seed: int, shape: tuple[int, int] = (40, 90)) -> np.ndarray:
    return np.random.default_rng(seed).integers(40, 200, shape).astype(np.uint8)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 15), st.integers(0, 15), st.integers(0, 99))
def test_bands_are_measured_and_left_out(left: int, right: int, top: int, bottom: int, seed: int) -> None:
    steel = noise(seed)
    picture = np.pad(steel, ((top, bottom), (left, right)), constant_values=3)
    assert black_bands(picture) == (left, right, top, bottom)
    row = describe_picture(picture)
    assert row["black"] == pytest.approx(1 - steel.size / picture.size)
    assert row["black_left"] == left / picture.shape[1]
    assert row["brightness"] == pytest.approx(steel.mean())
    assert row["contrast"] == pytest.approx(steel.std())
    assert {key: row[key] for key in describe_picture(steel) if not key.startswith("black")} == pytest.approx(
        {key: value for key, value in describe_picture(steel).items() if not key.startswith("black")}
    )


def test_levels_and_steps_are_numpys() -> None:
    steel = noise(1)
    row, signed = describe_picture(steel), steel.astype(int)
    for level in LEVELS:
        assert row[f"level_{level}"] == np.percentile(steel, level, method="inverted_cdf")
    assert row["across_1"] == pytest.approx(np.abs(np.diff(signed, axis=1)).mean())
    assert row["down_1"] == pytest.approx(np.abs(np.diff(signed, axis=0)).mean())
    half = signed.reshape(20, 2, 45, 2).mean((1, 3))
    assert row["across_2"] == pytest.approx(
        np.abs(np.diff(half, axis=1)).mean(), abs=0.4
    )  # rounded on the way


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (3, 5)])
@pytest.mark.parametrize("level", [0, 90, 255])
def test_flat_and_tiny_pictures_have_finite_features(shape: tuple[int, int], level: int) -> None:
    row = describe_picture(np.full(shape, level, np.uint8))
    assert np.isfinite(list(row.values())).all()
    assert (row["black"], row["brightness"]) == ((1, 0) if level == 0 else (0, level))
    assert row["contrast"] == row["grain_1"] == row["across_4"] == 0


def test_a_row_a_picture_in_the_order_asked_for() -> None:
    held = {f"{k}.jpg": noise(k) for k in range(300)}
    store = SimpleNamespace(names=list(held), picture=held.get)
    table = picture_features(store)
    assert table["ImageId"].tolist() == store.names
    assert table["brightness"].to_numpy() == pytest.approx([picture.mean() for picture in held.values()])
    some = picture_features(store, ["7.jpg", "2.jpg"])
    assert some.drop(columns="ImageId").to_numpy() == pytest.approx(
        table.iloc[[7, 2]].drop(columns="ImageId").to_numpy()
    )
    empty = picture_features(store, [])
    assert list(empty.columns) == list(table.columns)
    assert len(empty) == 0
    assert (empty.dtypes[1:] == "float64").all()


def test_black_bands_of_real_pictures(real_data: Path) -> None:
    expected = {"002fc4e19.jpg": (448, 0), "19c645c25.jpg": (0, 617)}  # seen on the pictures
    for name, sides in expected.items():
        picture = read_picture(real_data / "severstal" / "train_images" / name, SEVERSTAL)
        left, right, top, bottom = black_bands(picture)
        assert (top, bottom) == (0, 0)
        assert abs(left - sides[0]) <= 3
        assert abs(right - sides[1]) <= 3
    dark = read_picture(real_data / "severstal" / "train_images" / "0d1b42754.jpg", SEVERSTAL)
    assert black_bands(dark) == (0, 0, 0, 0)  # the darkest steel is no band
