"""The store and the folder of files give the same pictures, by name and by number, in any process."""

import mmap
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from severstal.competition.spec import Spec
from severstal.data import images
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
    return ImageStore(NAMES, "d", path, [3 * SPEC.pixels, 0, 2 * SPEC.pixels], [SPEC.image_shape] * 3)


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


@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="this system's pages cannot be let go of")
def test_a_process_holds_the_pages_of_a_few_pictures_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = pytest.importorskip("psutil").Process()
    if not hasattr(memory, "memory_maps"):
        pytest.skip("this system does not tell which pages a process holds")
    pixels = np.random.default_rng(0).integers(0, 256, (40, 256, 1600), np.uint8)
    pixels.tofile(tmp_path / "pixels")

    def held(limit: int) -> list[int]:
        monkeypatch.setattr(images, "_HELD", limit)
        names = [f"{number}.jpg" for number in range(40)]
        store = ImageStore(
            names, "d", tmp_path / "pixels", range(0, pixels.size, pixels[0].size), [pixels.shape[1:]] * 40
        )
        first, bytes_held = store[0], []
        for number in range(40):
            assert np.array_equal(store[number], pixels[number])
            if number % 5 == 4:  # the last one too; a look takes 0.1 s
                mapped = [each for each in memory.memory_maps() if each.path == str(tmp_path / "pixels")]
                bytes_held.append(sum(each.rss for each in mapped))
        assert np.array_equal(first, pixels[0])
        return bytes_held

    few, all_of_them = held(4), held(1000)
    # The system maps up to 2 MB at once around what is read, so that four pictures hold more than their own.
    assert max(few) < pixels.nbytes / 2 < 0.9 * pixels.nbytes < all_of_them[-1]


def test_an_open_store_outlives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "pixels"
    path.write_bytes(picture("a.png").tobytes())
    store = ImageStore(["a.png"], "d", path, [0], [SPEC.image_shape])
    path.unlink()
    assert np.array_equal(store[0], picture("a.png"))
    with pytest.raises(SeverstalError, match="not there any more: run the same command again"):
        pickle.loads(pickle.dumps(store))
