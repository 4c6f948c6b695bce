"""Files with several pictures: pages of a TIFF, each upright."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from severstal.deploy.sources.files import is_sequence, open_file

ORIENTATION = 274  # the tag
TURNS = {1: 0, 3: 2, 6: 3, 8: 1}  # quarter turns against the clock that display a picture of each orientation


def save_pages(path: Path, pages: list[np.ndarray], orientation: int) -> None:
    """Save arrays as the pages of one TIFF, each with the orientation."""
    with TiffImagePlugin.AppendingTiffWriter(str(path), new=True) as writer:
        for page in pages:
            tags = TiffImagePlugin.ImageFileDirectory_v2()
            tags[ORIENTATION] = orientation
            Image.fromarray(page).save(writer, format="TIFF", tiffinfo=tags)
            writer.newFrame()


@pytest.mark.parametrize("orientation", list(TURNS))
def test_each_page_of_a_tiff_is_displayed_upright(tmp_path: Path, orientation: int) -> None:
    pages = [np.random.default_rng(seed).integers(0, 256, (20, 30)).astype(np.uint8) for seed in range(3)]
    path = tmp_path / "pages.tif"
    save_pages(path, pages, orientation)
    assert is_sequence(path)
    found = list(open_file(path))
    assert len(found) == len(pages)
    for picture, page in zip(found, pages, strict=True):
        assert np.array_equal(picture.read(1), np.rot90(page, TURNS[orientation]))
