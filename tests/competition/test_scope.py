"""The images that a comparison is taken over are the right ones, or it is an error."""

import shutil
import unicodedata
from itertools import product
from pathlib import Path

import pytest

from severstal.competition.folder import open_input
from severstal.competition.scope import find_scope, given_scope, read_named
from severstal.errors import SeverstalError

TODAY = "ImageId,EncodedPixels,ClassId\n"
TEST = tuple(f"test{k:02d}.png" for k in range(4))
TRAIN = tuple(f"train{k:02d}.png" for k in range(18))


@pytest.fixture
def data(small_input):
    return open_input(small_input)


@pytest.fixture
def table(tmp_path, data):
    """Write a submission of today's form that names the images, each with a mask, and read it."""

    def make(name, images, runs="1 9", labels=False):
        path = tmp_path / name
        path.write_text(TODAY + "".join(f"{image},{runs},1\n" for image in images))
        return read_named(path, data.spec, labels)

    return make


def test_both_generations_name_the_same_images(tmp_path, data, table):
    today = table("today.csv", TEST, runs="")
    path = tmp_path / "old.csv"
    rows = "".join(f"{image}_{k},\n" for image, k in product(TEST, data.spec.class_ids))
    path.write_text("ImageId_ClassId,EncodedPixels\n" + rows)
    assert read_named(path, data.spec).images == today.images == TEST
    assert len(today.table) == 0
    assert read_named(path, data.spec, labels=True).images == TEST


def test_labels_of_today_have_no_empty_mask(table):
    with pytest.raises(
        SeverstalError, match=r"truth\.csv row 1: image test00\.png class 1 has an empty mask"
    ):
        table("truth.csv", TEST, runs="", labels=True)


def test_test_images_are_those_of_the_sample(data, table):
    scope, _ = find_scope([table("a.csv", TEST), table("b.csv", TEST)], data.spec, data)
    assert scope.images == TEST
    assert scope.source == f"the 4 images of {data.sample_csv}"
    assert scope.notes == ()


def test_train_images_are_those_of_the_folder_and_it_is_reported(data, table):
    tables = [table("a.csv", TRAIN), table("b.csv", TRAIN[1:3])]
    scope, _ = find_scope(tables, data.spec, data)
    assert scope.images == TRAIN
    assert scope.source == "all 18 train images, as the rows name these and no test image"
    assert [note.split(", such as")[0] for note in scope.notes] == [
        f"16 of the images have no row in {tables[1].path}"
    ]


def test_labels_need_no_row_for_a_clean_image(data, table):
    scope, _ = find_scope([table("a.csv", TEST), table("b.csv", TEST[:1], labels=True)], data.spec, data)
    assert (scope.images, scope.notes) == (TEST, ())


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (
            (*TEST, "z.png"),
            TEST,
            r"a\.csv row 5: image z\.png is not among those of .*sample_submission\.csv",
        ),
        (
            TEST,
            (*TEST, "z.png"),
            r"b\.csv row 5: image z\.png is not among those of .*sample_submission\.csv",
        ),
        (
            (*TRAIN, TEST[0]),
            TRAIN,
            r"a\.csv row 19: image test00\.png is not among those of .*train_images",
        ),
        (("z.png",), ("y.png",), r"a\.csv row 1: image z\.png is not among those of"),
        (
            TRAIN,
            TEST,
            r"a\.csv names images of .*train_images, .*b\.csv images of .*_submission\.csv",
        ),
    ],
)
def test_other_images_are_an_error(data, table, a, b, message):
    with pytest.raises(SeverstalError, match=message) as raised:
        find_scope([table("a.csv", a), table("b.csv", b)], data.spec, data)
    assert "\n" not in str(raised.value)


def test_without_a_folder_the_rows_say_which_images(data, table):
    scope, _ = find_scope([table("a.csv", TEST[:3]), table("b.csv", TEST[1:])], data.spec, None)
    assert scope.images == TEST
    assert scope.source == "the 4 images that a row names"
    assert len(scope.notes) == 2
    with pytest.raises(SeverstalError, match=r"a\.csv and .*b\.csv have no image in common"):
        find_scope([table("a.csv", TEST), table("b.csv", TRAIN)], data.spec, None)


def test_given_images_leave_the_others_out(data, table, tmp_path):
    tables = [table("a.csv", TRAIN[:5]), table("b.csv", TRAIN, labels=True)]
    fold = table("fold.csv", TRAIN[:5], runs="").path
    scope, kept = given_scope(fold, tables)
    assert scope.images == TRAIN[:5]
    assert [one.images for one in kept] == [TRAIN[:5], TRAIN[:5]]
    assert [len(one.table) for one in kept] == [5, 5]
    assert scope.notes == (f"13 rows of {tables[1].path} are left out, of other images such as train05.png",)
    scope, _ = given_scope(data.train_images, tables)
    assert scope.images == TRAIN
    assert scope.notes[0].startswith("13 of the images have no row in")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere.csv", "nowhere.csv: no such file"),
        ("small/test_images", "names none of the 4 images of .*small/test_images: correct --images"),
        ("small/dataset.toml", "dataset.toml"),
        ("hollow", "hollow: holds no picture"),
    ],
)
def test_wrong_given_images_are_an_error(tmp_path: Path, table, place, message):
    (tmp_path / "hollow").mkdir()
    with pytest.raises(SeverstalError, match=message):
        given_scope(tmp_path / place, [table("a.csv", TRAIN), table("b.csv", TRAIN)])


def test_without_a_test_set_the_train_images_count(data, table):
    shutil.rmtree(data.test_images)
    data.sample_csv.unlink()
    scope, _ = find_scope([table("a.csv", TRAIN[:2]), table("b.csv", TRAIN)], data.spec, data)
    assert scope.images == TRAIN


def test_without_a_sample_submission_the_test_pictures_count(data, table):
    data.sample_csv.unlink()
    scope, _ = find_scope([table("a.csv", TEST), table("b.csv", TEST)], data.spec, data)
    assert scope.images == TEST
    assert scope.source == f"the 4 images of {data.test_images}"


@pytest.mark.parametrize("known", [True, False])
def test_names_match_in_both_unicode_forms(data, table, known):
    """macOS writes the accents of file names apart from their letters, and most programs do not."""
    composed, apart = (unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD"))
    (data.train_images / TRAIN[0]).rename(data.train_images / apart)
    tables = [table("a.csv", [apart, *TRAIN[1:]]), table("b.csv", [composed, *TRAIN[1:]])]
    scope, (first, second) = find_scope(tables, data.spec, data if known else None)
    assert set(scope.images) == {apart, *TRAIN[1:]}
    assert set(first.images) == set(second.images) == set(scope.images)
    assert apart in set(second.table["ImageId"])
    assert given_scope(data.train_images, tables)[1][1].images[0] == apart
