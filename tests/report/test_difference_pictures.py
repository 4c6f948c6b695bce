"""The pictures tell what two submissions share from what only one of them has."""

import csv

import cv2
import numpy as np
import pytest

from severstal.competition.difference import compare_tables
from severstal.competition.folder import open_input
from severstal.competition.masks import Masks
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.competition.tables import read_labels
from severstal.errors import SeverstalError
from severstal.report.difference_pictures import (
    describe_difference,
    difference_figure,
    draw_difference,
    save_differences,
)

NAMES = ("first.csv", "second.csv")
SPEC = Spec("s", (60, 90), ("one", "two"))


def halves():
    """Class 1 in both, in A alone and in B alone, a third of the picture each; the lower half is clean."""
    a, b = (np.zeros(SPEC.image_shape, np.uint8) for _ in range(2))
    a[:30, :60] = 1
    b[:30, :30] = 1
    b[:30, 60:] = 1
    return a, b


@pytest.mark.parametrize("scale", [1, 2, 0.5])
def test_shared_and_differing_pixels_are_distinguished_in_grey(scale):
    a, b = halves()
    drawn = draw_difference(np.full(SPEC.image_shape, 120, np.uint8), a, b, SPEC, scale)
    assert drawn.shape == (60 * scale, 90 * scale, 3)
    grey = cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY)
    both, only_a, only_b = (
        grey[: int(30 * scale), int(k * 30 * scale) :][:, : int(30 * scale)] for k in range(3)
    )
    assert np.ptp(both) == 0
    assert (only_a.min(), only_b.max()) == (0, 255)
    assert only_b.min() > 100 > only_a.min()
    assert (grey[int(30 * scale) :] == 72).all()


def test_stripes_rise_in_a_and_fall_in_b():
    nothing, full = np.zeros(SPEC.image_shape, np.uint8), np.ones(SPEC.image_shape, np.uint8)
    picture = np.zeros(SPEC.image_shape, np.uint8)
    rising = draw_difference(picture, full, nothing, SPEC, 1)
    falling = draw_difference(picture, nothing, full, SPEC, 1)
    assert (rising[1:, :-1] == rising[:-1, 1:]).all()
    assert (falling[1:, 1:] == falling[:-1, :-1]).all()
    swapped = draw_difference(picture, full, 2 * full, SPEC, 1)
    assert {tuple(pixel) for pixel in swapped.reshape(-1, 3).tolist()} == {
        (0, 0, 0), (230, 159, 0), (86, 180, 233)
    }  # fmt: skip


def test_one_differing_pixel_stays_to_be_seen():
    a = np.zeros(SEVERSTAL.image_shape, np.uint8)
    b = a.copy()
    b[101, 777] = 4
    picture = np.full(SEVERSTAL.image_shape, 120, np.uint8)
    drawn = [draw_difference(picture, a, other, SEVERSTAL, 0.3) for other in (a, b)]
    assert (drawn[0] != drawn[1]).any()


def test_figure_of_any_data_set(labelled, readable):
    names, masks = labelled.images, labelled.masks
    a, b = masks[names[1]], masks[names[2]]
    figure = difference_figure(labelled.picture(names[1]), a, b, labelled.spec, names[1], NAMES)
    readable(figure)
    captions = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(captions) == 4
    assert captions[0] == "picture"
    assert captions[1].startswith("A first.csv: ")
    assert captions[2].startswith("B second.csv: ")
    assert [text.get_text() for text in figure.legends[0].texts] == ["in both", "only in A", "only in B"]


def test_the_line_counts_the_pixels():
    a, b = halves()
    line = "1 one: Dice 0.500, 900 px only in A, 900 px only in B"
    assert describe_difference(a, b, SPEC) == line
    assert describe_difference(a | 2, b, SPEC) == f"{line}; 2 two: only in A"
    assert describe_difference(a, a | 2, SPEC) == "2 two: only in B"


@pytest.fixture
def compared(small_input):
    """The labels of the train pictures against the same with half of them gone."""
    data = open_input(small_input)
    labels = read_labels(data.train_csv, data.spec)
    tables = (labels, labels.iloc[::2])
    return data, tables, compare_tables(*tables, data.train_names(), data.spec)


def save(folder, compared, most, data):
    _, tables, found = compared
    spec = compared[0].spec
    return save_differences(
        folder, found, tuple(Masks(table, spec) for table in tables), NAMES, most, spec, data
    )


def test_files_are_the_table_and_a_picture_an_image(tmp_path, compared):
    data, _, found = compared
    assert save(tmp_path / "out", compared, 2, data) == []
    with (tmp_path / "out" / "differences.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == found.differing
    assert [(row["ImageId"], int(row["ClassId"]), row["kind"]) for row in rows] == list(
        zip(found.table["ImageId"], found.table["ClassId"], found.table["kind"], strict=True)
    )
    pictures = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert pictures == [row["picture"] for row in rows if row["picture"]]
    assert pictures[0] == f"001_{found.table['ImageId'][0].removesuffix('.png')}.png"
    assert len(pictures) == 2
    for name in pictures:
        assert cv2.imread(str(tmp_path / "out" / name)).std() > 10


def test_without_pictures_the_table_is_written(tmp_path, compared):
    found = compared[2]
    assert save(tmp_path / "out", compared, 2, None) == found.table["ImageId"].head(2).tolist()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["differences.csv"]


def test_no_name_leads_out_of_the_folder(tmp_path, compared):
    data, tables, _ = compared
    away = "../../../elsewhere.png"
    cv2.imwrite(str(tmp_path / "elsewhere.png"), np.zeros(data.spec.image_shape, np.uint8))
    a = tables[0].head(1).assign(ImageId=away)
    found = compare_tables(a, a.iloc[:0], [away], data.spec)
    assert save(tmp_path / "out", (data, (a, a.iloc[:0]), found), 2, data) == [away]
    odd = "a name/with: odd*letters"
    (data.train_images / "a name").mkdir()
    found = compare_tables(a.assign(ImageId=odd), a.iloc[:0], [odd], data.spec)
    assert save(tmp_path / "out", (data, (a, a.iloc[:0]), found), 2, data) == [odd]


def test_a_damaged_picture_or_a_file_in_the_way_is_an_error(tmp_path, compared):
    data, _, found = compared
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SeverstalError, match="file"):
        save(tmp_path / "file", compared, 1, data)
    name = found.table["ImageId"][0]
    (data.train_images / name).write_text("<html>")
    with pytest.raises(SeverstalError, match=name):
        save(tmp_path / "out", compared, 1, data)
    assert not list((tmp_path / "out").glob("*"))
