"""The pictures shown are those that the captions name."""

import re

import pandas as pd
import pytest

from severstal.data.duplicates import compare_labels
from severstal.report import eda
from severstal.report.crop import zoom_window


def captions(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def show(labelled, measured, images=None):
    images = labelled.images if images is None else images
    return measured.masks, images, labelled.picture, labelled.masks.__getitem__, labelled.spec


def shown_masks(figure, labelled):
    """`ClassId`, what a caption says, and the image of each panel."""
    for caption in captions(figure):
        first, second = caption.split("\n")
        class_id = int(re.match(r"(class )?(\d+)", first)[2])
        yield class_id, re.search(r"[,:] .*", first)[0], second.split(",")[0]


def test_examples_are_the_smallest_and_the_largest_of_each_class(labelled, measured, readable):
    figure = eda.examples(*show(labelled, measured))
    readable(figure)
    sizes = measured.masks.set_index(["ImageId", "ClassId"])["area"]
    seen: dict[int, dict[str, int]] = {}
    for class_id, said, image in shown_masks(figure, labelled):
        if "…" not in said + image:
            why, number = said.removeprefix(", ").split(": ")
            assert number == f"{sizes[image, class_id]:,} px"
            seen.setdefault(class_id, {})[why] = sizes[image, class_id]
    assert seen
    for class_id, areas in seen.items():
        own = measured.masks.loc[measured.masks["ClassId"] == class_id, "area"]
        assert areas.get("smallest", own.min()) == own.min()
        assert areas.get("largest", own.max()) == own.max()


@pytest.mark.parametrize("draw", [eda.examples, eda.random_examples, eda.class_showcase])
def test_pictures_are_of_the_given_images(draw, labelled, measured):
    few = labelled.images[:4]
    chosen = set()
    draw(
        measured.masks,
        few,
        lambda name: chosen.add(name) or labelled.picture(name),
        labelled.masks.__getitem__,
        labelled.spec,
    )
    assert chosen
    assert chosen <= set(few)


def test_random_examples_are_one_row_per_class(labelled, measured, readable):
    figure = eda.random_examples(*show(labelled, measured), each=3)
    readable(figure)
    rows = [class_id for class_id, _, _ in shown_masks(figure, labelled)]
    assert rows == sorted(rows)
    counts = measured.masks["ClassId"].value_counts()
    assert {k: rows.count(k) for k in rows} == {k: min(3, counts[k]) for k in counts.index}


def test_every_crop_holds_its_defect(labelled, measured):
    for name in set(measured.masks["ImageId"]):
        for class_id in labelled.spec.class_ids:
            plane = labelled.masks[name] >> (class_id - 1) & 1
            if plane.any():
                part = zoom_window(plane, 1.6)
                assert plane[part].any()
                assert all(0 <= side.start < side.stop for side in part)
                assert plane[part].shape == tuple(side.stop - side.start for side in part)


def test_the_showcase_has_a_picture_of_each_class_and_a_clean_one(labelled, measured, readable):
    figure = eda.class_showcase(*show(labelled, measured))
    readable(figure)
    most = measured.masks["ClassId"].value_counts().index[:6]
    heads = [text for text in captions(figure) if " px" in text]
    assert len(heads) == len(most)
    high, wide = labelled.spec.image_shape
    assert any(text.startswith("clean") for text in captions(figure)) == (wide > 2.5 * high)


@pytest.mark.parametrize("draw", [eda.examples, eda.random_examples, eda.class_showcase])
def test_clean_images_alone_are_reported_to_hold_no_mask(draw, clean, none_measured, readable):
    figure = draw(*show(clean, none_measured))
    readable(figure)
    assert not figure.axes


def test_several_classes_shows_one_image_of_each_combination(labelled, measured, readable):
    figure = eda.several_classes(*show(labelled, measured))
    readable(figure)
    combinations = measured.masks.groupby("ImageId")["ClassId"].agg(lambda ids: tuple(sorted(ids)))
    combinations = combinations[combinations.map(len) > 1]
    if combinations.empty:
        assert "There is none." in figure.texts[1].get_text()
        return
    counts = combinations.value_counts()
    assert len(figure.axes) == min(len(counts), 6)
    for caption in captions(figure):
        if "…" not in caption:
            image = caption.split(": ")[-1]
            ids = " + ".join(map(str, combinations[image]))
            assert caption.startswith(f"{ids} ({counts[combinations[image]]} image")


def test_duplicate_pairs_stand_beside_each_other(labelled, readable):
    names = labelled.images
    pairs = pd.DataFrame(
        {
            "first": names[:5],
            "second": names[5:10],
            "orientation": "same",
            "scale": 1.0,
            "shift_y": [0, -3, 0, 0, 0],
            "shift_x": [0, 16, 0, 4, 0],
            "gain": 1.0,
            "difference": [3.0, 1.0, 2.0, 5.0, 4.0],
        }
    )
    pairs = compare_labels(pairs, labelled.masks, labelled.spec)
    figure = eda.duplicate_gallery(pairs, labelled.picture, labelled.masks.__getitem__, labelled.spec)
    readable(figure)
    presence = labelled.masks.presence(names)
    marked = [k for k in range(5) if presence[[k, k + 5]].any()]
    shown = captions(figure)
    assert len(shown) == 2 * min(len(marked), 4)
    dice = []
    for first, second in zip(shown[::2], shown[1::2], strict=True):
        row = next(row for row in pairs.itertuples() if first.startswith(row.first))
        assert second.startswith(row.second)
        assert first.endswith(f"masks {row.same_label:.2f}")
        assert second.endswith(f"shift {row.shift_y}, {row.shift_x} px; difference {row.difference:.1f}")
        assert row.Index in marked
        dice.append(row.same_label)
    assert dice == sorted(dice)
    other = sum((presence[k] != presence[k + 5]).any() for k in range(5))
    said = figure.texts[1].get_text().replace("\n", " ")
    assert f"5 pairs; {other} with different classes" in said
    assert f"the mean Dice of their masks is {pairs.loc[marked, 'same_label'].mean():.3f}" in said


def test_without_pairs_there_are_no_axes(labelled, readable):
    pairs = pd.DataFrame(columns=["first", "second", "same_label"])
    figure = eda.duplicate_gallery(pairs, labelled.picture, labelled.masks.__getitem__, labelled.spec)
    readable(figure)
    assert figure.texts[1].get_text() == "There is none."
    assert not figure.axes


def test_photographs_are_shown_as_jpeg(labelled, measured):
    figure = eda.examples(*show(labelled, measured))
    assert figure.picture()[0] == "image/jpeg"
    assert figure.picture()[1].startswith(b"\xff\xd8")
    chart = eda.class_counts(labelled.table, labelled.images, labelled.spec)
    assert chart.picture()[0] == "image/png"
    assert chart.picture()[1].startswith(b"\x89PNG")
