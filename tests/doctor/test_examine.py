"""Every fault planted in real tables is found and repaired; unchanged tables are clean."""

import json
import shutil
import unicodedata
from collections.abc import Callable, Iterable
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from severstal.competition.rle import decode, encode
from severstal.data.images import read_picture
from severstal.doctor import Report, examine, write_repair
from severstal.errors import SeverstalError

SHAPE = (256, 1600)
TABLE_COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]


def shift_starts(text: str, pixels: int) -> str:
    numbers = np.array(text.split(), int)
    numbers[::2] += pixels
    return " ".join(map(str, numbers))


def drawn(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[str], str]:
    return lambda text: encode(change(decode(text, SHAPE)))


def rolled_text(pixels: int) -> Callable[[str], str]:
    return drawn(lambda mask: np.roll(mask.ravel("F"), pixels).reshape(SHAPE, order="F"))


PLANTS: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "start not decremented": ("shift", "down by a pixel along", lambda text: shift_starts(text, 1)),
    "starts from 0": ("shift", "up by a pixel along", lambda text: shift_starts(text, -1)),
    "a column on": ("shift", "right by a pixel", lambda text: shift_starts(text, 256)),
    "along the text, carried over": ("shift", "down by a pixel along", rolled_text(1)),
    "back along the text, carried over": ("shift", "up by a pixel along", rolled_text(-1)),
    "down": ("shift", "down by a pixel,", drawn(lambda mask: np.roll(mask, 1, axis=0))),
    "up": ("shift", "up by a pixel,", drawn(lambda mask: np.roll(mask, -1, axis=0))),
    "right": ("shift", "right by a pixel", drawn(lambda mask: np.roll(mask, 1, axis=1))),
    "left": ("shift", "left by a pixel", drawn(lambda mask: np.roll(mask, -1, axis=1))),
    "written by rows": (
        "by rows",
        "written row by row",
        drawn(lambda m: m.ravel().reshape(SHAPE, order="F")),
    ),
    "transposed": ("by rows", "transposed", lambda text: encode(decode(text, SHAPE).T)),
    "read by rows": ("by rows", "decoded row by row", drawn(lambda m: m.ravel("F").reshape(SHAPE))),
    "flipped left to right": ("flip", "flipped left to right", drawn(lambda mask: mask[:, ::-1])),
    "flipped top to bottom": ("flip", "flipped top to bottom", drawn(lambda mask: mask[::-1])),
    "turned": ("flip", "turned upside down", drawn(lambda mask: mask[::-1, ::-1])),
}


def slow_but(values: Iterable, quick: tuple) -> list:
    """All of them as parameters, those that are not `quick` left to the slow tests."""
    return [value if value in quick else pytest.param(value, marks=pytest.mark.slow) for value in values]


@pytest.fixture(scope="module")
def reference(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "severstal/reference/train_rle.csv", dtype=str)


def look(table: pd.DataFrame, folder: Path, images: Path | None = None) -> Report:
    path = folder / "table.csv"
    table.to_csv(path, index=False)
    return examine(path, read_picture, images)


def repaired(report: Report, folder: Path) -> pd.DataFrame:
    write_repair(report, folder / "out" / "repaired.csv")
    return pd.read_csv(folder / "out" / "repaired.csv", dtype=str, keep_default_na=False)


def agree(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    keys = TABLE_COLUMNS[:2]
    return (
        one.set_index(keys)[TABLE_COLUMNS[2]]
        == other.set_index(keys)[TABLE_COLUMNS[2]].reindex(one.set_index(keys).index)
    ).to_numpy()


def thin(table: pd.DataFrame, step: int) -> pd.DataFrame:
    return table.iloc[::step].reset_index(drop=True)


def check_planted(table: pd.DataFrame, name: str, folder: Path) -> None:
    kind, words, plant = PLANTS[name]
    report = look(table.assign(EncodedPixels=[plant(text) for text in table.EncodedPixels]), folder)
    finding = next(finding for finding in report.findings if finding.kind == kind)
    assert words in finding.what
    assert finding.count == len(table)
    assert {other.kind for other in report.findings} <= {kind, "wrong runs"}
    assert finding.certain
    assert agree(table, repaired(report, folder)).all()
    assert examine(folder / "out" / "repaired.csv", read_picture).findings == ()


@pytest.mark.parametrize("name", slow_but(PLANTS, ("starts from 0",)))
def test_a_fault_of_all_rows_is_found_and_repaired_in_part_of_the_table(
    reference: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    # Flips take more masks to be certain of.
    check_planted(thin(reference, 3 if PLANTS[name][0] == "flip" else 10), name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTS)
def test_a_fault_of_all_rows_is_found_and_repaired_in_the_whole_table(
    reference: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    check_planted(reference, name, tmp_path)


@pytest.mark.parametrize(
    "name",
    slow_but(list(PLANTS)[:2] + list(PLANTS)[5:7] + list(PLANTS)[9:12], ("starts from 0", "transposed")),
)
def test_a_fault_of_a_third_of_the_rows_is_found_and_only_there_repaired(
    reference: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    table, (kind, words, plant) = thin(reference, 6), PLANTS[name]
    third = np.arange(len(table)) % 3 == 0
    texts = [plant(text) if bad else text for text, bad in zip(table.EncodedPixels, third, strict=True)]
    report = look(table.assign(EncodedPixels=texts), tmp_path)
    finding = next(finding for finding in report.findings if finding.kind == kind)
    assert words in finding.what
    same = agree(table, repaired(report, tmp_path))
    assert same[~third].all()
    assert same[third].sum() == finding.count
    assert finding.count >= third.sum() * (1 if kind == "by rows" else 0.3)


@pytest.mark.parametrize("shift", slow_but([(1, 0), (-1, 0), (0, 1), (0, -1)], ((0, 1),)))
def test_a_shift_that_cuts_off_is_found_and_repaired_where_nothing_got_lost(
    reference: pd.DataFrame, tmp_path: Path, shift: tuple[int, int]
) -> None:
    down, right = shift

    def cut(mask: np.ndarray) -> np.ndarray:
        wide = np.pad(mask, 1)
        return wide[1 - down : 257 - down, 1 - right : 1601 - right]

    table = thin(reference, 6)
    texts = [drawn(cut)(text) for text in table.EncodedPixels]
    report = look(table.assign(EncodedPixels=texts), tmp_path)
    (finding,) = report.findings
    assert {(1, 0): "down", (-1, 0): "up", (0, 1): "right", (0, -1): "left"}[shift] in finding.what
    assert "is gone" in finding.repair
    lost = int(finding.repair.split(" rows that reach")[0].split()[-1].replace(",", ""))
    assert agree(table, repaired(report, tmp_path)).sum() >= len(table) - lost


@pytest.mark.parametrize("order", slow_but(list(permutations("1234"))[1:], (tuple("2143"), tuple("2341"))))
def test_permuted_classes_are_found_and_renumbered(
    reference: pd.DataFrame, tmp_path: Path, order: tuple[str, ...]
) -> None:
    table = thin(reference, 8)
    report = look(table.assign(ClassId=[order[int(k) - 1] for k in table.ClassId]), tmp_path)
    found = next(finding for finding in report.findings if finding.kind == "classes permuted")
    for true, label in enumerate(order, start=1):
        assert (f"{label} is really {true}" in found.what) == (label != str(true))
    assert found.certain
    fixed = repaired(report, tmp_path)
    assert agree(table, fixed).all()


@pytest.mark.slow
def test_faults_one_upon_the_other_are_all_undone(reference: pd.DataFrame, tmp_path: Path) -> None:
    table = thin(reference, 4)
    planted = table.assign(
        ClassId=[{"3": "4", "4": "3"}.get(k, k) for k in table.ClassId],
        EncodedPixels=[shift_starts(encode(decode(text, SHAPE)[:, ::-1]), 1) for text in table.EncodedPixels],
    )
    report = look(planted.iloc[::-1], tmp_path)
    kinds = {finding.kind for finding in report.findings}
    assert kinds >= {"shift", "classes permuted", "flip", "wrong order"}
    pd.testing.assert_frame_equal(repaired(report, tmp_path), table)


@pytest.mark.parametrize(
    "flip", slow_but(["flipped left to right", "flipped top to bottom", "turned"], ("turned",))
)
@pytest.mark.parametrize("data", ["severstal", "magnetic_tile"])
def test_flips_show_in_the_pictures(real_data: Path, tmp_path: Path, data: str, flip: str) -> None:
    table = pd.read_csv(real_data / data / "train.csv", dtype=str)
    shape = (256, 1600) if data == "severstal" else (256, 512)
    turns = {"flipped left to right": (1, -1), "flipped top to bottom": (-1, 1), "turned": (-1, -1)}
    down, right = turns[flip]
    texts = [encode(decode(text, shape)[::down, ::right]) for text in table.EncodedPixels]
    report = look(table.assign(EncodedPixels=texts), tmp_path, real_data / data / "train_images")
    (finding,) = report.findings
    assert PLANTS[flip][1] in finding.what
    assert finding.certain
    assert agree(table, repaired(report, tmp_path)).all()


def test_unchanged_real_tables_are_clean(real_data: Path, reference: pd.DataFrame, tmp_path: Path) -> None:
    assert look(reference, tmp_path).findings == ()
    for folder in ("severstal", "magnetic_tile"):
        report = examine(real_data / folder, read_picture)
        assert report.findings == ()
        assert report.exit_code == 0


@pytest.mark.slow
def test_the_form_of_2019_is_clean_with_and_without_its_empty_rows(
    reference: pd.DataFrame, tmp_path: Path
) -> None:
    table = thin(reference, 5)
    old = pd.DataFrame(
        {"ImageId_ClassId": table.ImageId + "_" + table.ClassId, "EncodedPixels": table.EncodedPixels}
    )
    assert look(old, tmp_path).findings == ()
    pairs = [f"{image}_{k}" for image in table.ImageId.unique() for k in range(1, 5)]
    whole = old.set_index("ImageId_ClassId").reindex(pairs, fill_value="").reset_index()
    assert look(whole, tmp_path).findings == ()
    missing = look(whole.drop(index=[3, 9]), tmp_path)
    assert [(finding.kind, finding.count) for finding in missing.findings] == [("missing pair", 2)]
    pd.testing.assert_frame_equal(repaired(missing, tmp_path), whole)


@pytest.mark.slow
def test_random_parts_of_the_real_table_are_clean(reference: pd.DataFrame, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for size in random.integers(5, 1500, 40):
        part = reference.iloc[np.sort(random.choice(len(reference), size, replace=False))]
        assert look(part, tmp_path).findings == ()


def test_drawn_steel_is_clean(tmp_path: Path) -> None:
    from severstal.synthetic import draw_sample

    draw_sample(tmp_path / "sample", 60, 8, 0)
    assert examine(tmp_path / "sample", read_picture).findings == ()
    assert examine(tmp_path / "sample" / "train.csv", read_picture).findings == ()


def test_overlaps_doubled_rows_and_disorder(reference: pd.DataFrame, tmp_path: Path) -> None:
    table = thin(reference, 8)
    overlap = table.iloc[[7]].assign(ClassId="1" if table.ClassId[7] != "1" else "2")
    report = look(
        pd.concat([table.iloc[[3]], table, overlap, table.iloc[[9]].assign(EncodedPixels="1 4")]), tmp_path
    )
    found = {finding.what: finding for finding in report.findings}
    assert any("two classes" in what for what in found)
    assert found["rows repeat another one"].count == 1
    assert not found["pairs have two different masks"].repaired
    assert any(finding.kind == "wrong order" for finding in report.findings)
    fixed = repaired(report, tmp_path)
    assert len(fixed) == len(table) + 2
    assert fixed.ImageId.is_monotonic_increasing


@pytest.mark.parametrize(
    ("text", "what", "written"),
    [
        ("5 0 9 2", "no length", "9 2"),
        ("9 2 5 1", "unsorted", "5 1 9 2"),
        ("5 3 6 1", "overlap", None),
        ("0 3", "from 0", None),
        ("409600 2", "past the last", None),
        ("5 3 9", "no length", None),
        ("5.0 3.0", "whole numbers", "5 3"),
        ("+5\t3", "whole numbers", "5 3"),
        ("five 3", "whole numbers", None),
        ("-5 3", "whole numbers", None),
        ("99999999999999999999 3", "past the last", None),
    ],
)
def test_each_fault_of_a_run(
    reference: pd.DataFrame, tmp_path: Path, text: str, what: str, written: str | None
) -> None:
    table = thin(reference, 16)
    table.loc[4, "EncodedPixels"] = text
    (finding,) = look(table, tmp_path).findings
    assert what in finding.what
    assert finding.examples[0].startswith("row 5: run ")
    assert finding.repaired == (written is not None)
    if written is not None:
        assert repaired(look(table, tmp_path), tmp_path).EncodedPixels[4] == written


def test_a_table_of_placeholders_is_no_table_of_masks(real_data: Path) -> None:
    for name in ("official", "2019"):
        report = examine(real_data / f"severstal/reference/sample_submission_{name}.csv", read_picture)
        assert report.findings[0].kind == "placeholder"
        assert report.repaired is None


def test_an_input_folder_with_faults_of_all_sorts(small_input: Path, tmp_path: Path) -> None:
    assert examine(small_input, read_picture).findings == ()
    images = small_input / "train_images"
    for index, name in enumerate(sorted(path.name for path in images.iterdir())[:4]):
        (images / name).write_bytes(b"" if index % 2 else b"no picture")
    (small_input / "test_images" / "extra.png").write_bytes((images / "train07.png").read_bytes())
    (small_input / "test_images" / "test00.png").unlink()
    (images / "train10.png").unlink()
    report = examine(small_input, read_picture)
    found = {(finding.kind, finding.place): finding.count for finding in report.findings}
    assert found["unreadable picture", "train_images"] == 4
    assert found["missing file", "sample_submission.csv"] == 1
    assert found["extra file", "test_images"] == 1
    assert found["missing file", "train.csv"] == 1
    json.dumps(report.to_dict())


def test_masks_and_folders_among_the_pictures_are_found_and_other_files_counted(small_input: Path) -> None:
    images = small_input / "train_images"
    names = sorted(path.name for path in images.iterdir())
    for name in names[:5]:
        flat = np.full((256, 1600), 255, np.uint8)  # white is the background here
        flat[40:90, 100:300] = 0
        Image.fromarray(flat).save(images / f"{Path(name).stem}_mask.png")
    (images / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (images / f"{Path(names[0]).stem}.json").write_text("{}")
    (images / "batch2").mkdir()
    (images / names[-1]).rename(images / "batch2" / names[-1])
    report = examine(small_input, read_picture)
    found = {finding.kind: finding.count for finding in report.findings}
    assert found.pop("mask beside picture") == 5
    assert found.pop("subfolder") == 1
    assert found.keys() <= {"missing file"}  # of the picture that lies in the folder
    (line,) = (line for line in report.looked_at if "passed over" in line)
    assert "2 files that are no pictures (Thumbs.db, ...)" in line


@pytest.mark.parametrize("kept", [(), ("test_images",)])
def test_a_data_set_without_a_test_set_is_clean(small_input: Path, kept: tuple[str, ...]) -> None:
    for name in {"sample_submission.csv", "test_labels.csv", "test_images"}.difference(kept):
        path = small_input / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    report = examine(small_input, read_picture)
    assert report.findings == ()
    assert report.untested[0].startswith("the test set: there is no ")


def test_names_of_another_unicode_form_are_the_same(small_input: Path) -> None:
    table = (small_input / "train.csv").read_text(encoding="utf-8")
    name = table.splitlines()[1].partition(",")[0]
    (small_input / "train.csv").write_text(table.replace(name, f"A\u0308{name}"), encoding="utf-8")
    pictures = small_input / "train_images"
    (pictures / name).rename(pictures / unicodedata.normalize("NFC", f"A\u0308{name}"))
    assert {finding.kind for finding in examine(small_input, read_picture).findings} <= {"wrong order"}


def test_what_is_not_there_is_reported(small_input: Path) -> None:
    (small_input / "train.csv").unlink()
    for picture in (small_input / "test_images").iterdir():
        picture.unlink()
    (small_input / "test_images").rmdir()
    report = examine(small_input, read_picture)
    assert {finding.what for finding in report.findings} == {
        "train.csv is not there",
        "test_images is not there",
    }
    (small_input / "sample_submission.csv").unlink()
    with pytest.raises(SeverstalError, match=r"neither train\.csv nor"):
        examine(small_input, read_picture)


def test_on_another_data_set_nothing_is_claimed_that_needs_the_reference(
    real_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "dataset.toml").write_text((real_data / "magnetic_tile/dataset.toml").read_text())
    report = look(pd.read_csv(real_data / "magnetic_tile/train.csv", dtype=str), tmp_path)
    assert report.findings == ()
    assert any("flips: no pictures" in line for line in report.untested)
    assert any("classes permuted" in line for line in report.untested)


def test_square_pictures_show_a_transposed_mask(tmp_path: Path) -> None:
    import cv2

    (tmp_path / "dataset.toml").write_text('name = "square"\nimage_shape = [96, 96]\nclasses = ["a"]\n')
    (tmp_path / "train_images").mkdir()
    random, rows = np.random.default_rng(0), []
    for index in range(40):
        picture, mask = random.integers(90, 110, (96, 96)).astype(np.uint8), np.zeros((96, 96), np.uint8)
        top, left = random.integers(2, 60, 2)
        mask[top : top + 12, left : left + 30] = 1
        picture[mask > 0] += 80
        cv2.imwrite(str(tmp_path / "train_images" / f"{index:02}.png"), picture)
        rows.append((f"{index:02}.png", 1, mask))
    for change, words in ((None, None), (lambda mask: mask.T, "transposed"), (np.rot90, "turned left")):
        texts = [(name, k, encode(mask if change is None else change(mask))) for name, k, mask in rows]
        report = look(pd.DataFrame(texts, columns=TABLE_COLUMNS), tmp_path, tmp_path / "train_images")
        assert [words in finding.what for finding in report.findings] == ([] if words is None else [True])


def test_a_clean_table_is_not_repaired(small_input: Path, tmp_path: Path) -> None:
    report = examine(small_input, read_picture)
    assert "nothing is to be repaired" in write_repair(report, tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()
