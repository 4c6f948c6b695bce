"""Contours lie on the edges of masks, and pictures are shown whole."""

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy import ndimage

from severstal.competition.spec import SEVERSTAL, Spec
from severstal.report.overlay import (
    Panel,
    class_planes,
    columns_for,
    describe_mask,
    draw_contours,
    gallery,
    show_mask,
)
from severstal.report.palette import rgb, sheet

TILES = Spec("tiles", (40, 90), tuple(f"kind {k}x" for k in range(16)))


def blobs(shape, seed, classes=1):
    """Round spots with holes, drawn without the code under test."""
    rng = np.random.default_rng(seed)
    return [ndimage.gaussian_filter(rng.random(shape), 3) > 0.5 for _ in range(classes)]


@pytest.mark.parametrize("seed", range(5))
def test_a_thin_contour_is_the_edge_of_the_mask(seed):
    (mask,) = blobs((40, 90), seed)
    picture = np.full((40, 90), 77, np.uint8)
    drawn = draw_contours(picture, mask.astype(np.uint8) << 2, SEVERSTAL)
    line = (drawn == rgb(3)).all(axis=-1)
    # An edge: a pixel of the mask beside one outside it, the frame of the picture not counted as outside.
    edge = mask & ~ndimage.binary_erosion(mask, border_value=1)
    np.testing.assert_array_equal(line[1:-1, 1:-1], edge[1:-1, 1:-1])
    assert (drawn[~line] == 77).all()


def test_contours_of_all_sixteen_classes():
    bits = np.zeros((40, 90), np.uint16)
    for k in range(16):
        bits[5 + 20 * (k // 8) : 15 + 20 * (k // 8), 3 + 11 * (k % 8) : 11 + 11 * (k % 8)] |= np.uint16(
            1 << k
        )
    drawn = draw_contours(np.zeros((40, 90), np.uint8), bits, TILES)
    assert [class_id for class_id, _ in class_planes(bits, TILES)] == list(range(1, 17))
    for class_id, plane in class_planes(bits, TILES):
        edge = plane.astype(bool) & ~ndimage.binary_erosion(plane)
        assert (drawn[edge] == rgb(class_id)).all()
        assert (drawn[ndimage.binary_erosion(plane)] == 0).all()


@pytest.mark.parametrize("steel", [0, 60, 110, 160, 255])
def test_a_line_is_seen_without_colour_on_steel_of_any_brightness(steel):
    picture, bits = np.full((40, 90), steel, np.uint8), np.zeros((40, 90), np.uint16)
    bits[10:30, 20:70] = 1
    for class_id in TILES.class_ids:
        drawn = draw_contours(picture, bits << np.uint16(class_id - 1), TILES, thickness=2)
        grey = cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY).astype(int)
        assert np.abs(grey - steel).max() >= 60
        assert (drawn == rgb(class_id)).all(axis=-1).any()


def test_the_picture_itself_stays():
    picture = np.arange(200, dtype=np.uint8).reshape(10, 20)
    copy = picture.copy()
    bits = np.zeros((10, 20), np.uint8)
    drawn = draw_contours(picture, bits, SEVERSTAL)
    assert (drawn == picture[..., None]).all()
    draw_contours(picture[:, ::2], bits[:, ::2] + 1, SEVERSTAL)
    assert (picture == copy).all()


@pytest.mark.parametrize("shape", [(256, 1600), (64, 64), (400, 60), (3, 5), (1, 1)])
def test_a_picture_is_shown_whole_and_a_single_pixel_is_seen(shape):
    picture, bits = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    bits[shape[0] // 2, shape[1] // 2] = 8
    figure, ((axes,),) = sheet(9, 3, "one pixel")
    show_mask(axes, picture, bits, SEVERSTAL, width=4.6)
    assert axes.get_xlim() == (0, shape[1])
    assert axes.get_ylim() == (shape[0], 0)
    (image,) = axes.images
    assert image.get_extent() == [0, shape[1], shape[0], 0]
    assert (image.get_array() == rgb(4)).all(axis=-1).any()
    assert [text.get_text() for text in axes.texts] == ["4"]
    FigureCanvasAgg(figure).draw()


def test_the_number_keeps_off_a_small_defect():
    picture, bits = np.zeros((256, 1600), np.uint8), np.zeros((256, 1600), np.uint8)
    for top in (0, 120, 250):
        bits[:] = 0
        bits[top : top + 5, 800:810] = 1
        figure, ((axes,),) = sheet(9, 2, "small")
        show_mask(axes, picture, bits, SEVERSTAL, width=9)
        FigureCanvasAgg(figure).draw()
        box = axes.texts[0].get_window_extent().transformed(axes.transData.inverted())
        assert box.y1 >= top + 5 or box.y0 <= top  # below it or above it
        assert min(box.y0, box.y1) >= 0
        assert max(box.y0, box.y1) <= 256


def test_gallery(labelled, readable):
    images = labelled.images[:5]
    panels = [Panel(labelled.picture(name), labelled.masks[name], name * 9) for name in images]
    figure = gallery([panels[0], None, *panels[1:]], labelled.spec, "Five", "A note.")
    readable(figure)
    assert len(figure.axes) == 5
    places = [axes.get_subplotspec() for axes in figure.axes]
    cells = [place.rowspan.start * columns_for(labelled.spec) + place.colspan.start for place in places]
    assert cells == [0, 2, 3, 4, 5]


def test_an_empty_gallery(readable):
    readable(gallery([], SEVERSTAL, "Nothing"))


def test_describe_names_areas():
    bits = np.zeros((256, 1600), np.uint8)
    bits[:2, :600] |= 1
    bits[0, :5] |= 4
    assert describe_mask(bits, SEVERSTAL) == "class 1 (1,200 px), class 3 (5 px)"
    assert describe_mask(bits * 0, SEVERSTAL) == "clean"


def test_a_gallery_of_real_pictures_keeps_a_notebook_small(real_data):
    folder = real_data / "severstal" / "train_images"
    pictures = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(folder.iterdir())[:10]]
    panels = [Panel(picture, np.zeros(picture.shape, np.uint8), "steel") for picture in pictures]
    png = gallery(panels, SEVERSTAL, "Ten").picture()[1]
    assert len(png) * 4 / 3 < 600_000  # as a notebook holds it, in base64; the whole may have 1.5 MB
