"""The store and the folder of files give the same pictures, by name and by number, in any process."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from severstal.competition.spec import Spec
from severstal.data.images import ImageStore, PictureFolder, Pictures
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (24, 40), ("a", "b"))
NAMES = ["c.png", "a.png", "b.png"]


def picture(name: str) -> np.ndarray:
    return np.random.default_rng(ord(name[0])).integers(0, 256, SPEC.image_shape, np.uint8)


@pytest.fixture(params=["store", "folder"])
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Pictures:
    if request.param == "folder":
        for name in NAMES:
            Image.fromarray(picture(name)).save(tmp_path / name)
        return PictureFolder(NAMES, "d", tmp_path, SPEC)
    path = tmp_path / "pixels"
    path.write_bytes(b"".join(picture(name).tobytes() for name in ("a.png", "x.png", "b.png", "c.png")))
    return ImageStore(NAMES, "d", path, [3, 0, 2], SPEC.image_shape)


def test_pictures_by_name_and_by_number(pictures: Pictures) -> None:
    assert (pictures.names, len(pictures), pictures.digest) == (NAMES, 3, "d")
    for number, name in enumerate(NAMES):
        assert pictures.index(name) == number
        assert pictures[number].shape == SPEC.image_shape
        assert pictures[number].dtype == np.uint8
        assert np.array_equal(pictures[number], picture(name))
        assert np.array_equal(pictures.picture(name), picture(name))
    with pytest.raises(KeyError):
        pictures.picture("x.png")
    with pytest.raises(IndexError):
        pictures[3]


def test_pictures_may_not_be_written_to(pictures: Pictures) -> None:
    with pytest.raises(ValueError, match="read-only"):
        pictures[0][0, 0] = 1


def test_pictures_travel_without_their_pixels(pictures: Pictures) -> None:
    sent = pickle.dumps(pictures)
    assert len(sent) < 1500
    assert np.array_equal(pickle.loads(sent)[1], picture("a.png"))


def test_worker_processes_read_at_the_same_time(pictures: Pictures) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for name, read in zip(NAMES, pool.map(pictures.picture, NAMES), strict=True):
            assert np.array_equal(read, picture(name))


def test_an_open_store_outlives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "pixels"
    path.write_bytes(picture("a.png").tobytes())
    store = ImageStore(["a.png"], "d", path, [0], SPEC.image_shape)
    path.unlink()
    assert np.array_equal(store[0], picture("a.png"))
    with pytest.raises(SeverstalError, match="not there any more: give the same command again"):
        pickle.loads(pickle.dumps(store))
