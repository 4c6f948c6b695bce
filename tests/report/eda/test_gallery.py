"""The pictures shown are those that the captions name."""

import pandas as pd

from severstal.data.duplicates import compare_labels
from severstal.evaluation.labels import class_labels
from severstal.report import eda
from severstal.report.overlay import columns_for


def captions(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def show(labelled, measured, images=None):
    images = labelled.images if images is None else images
    return measured.masks, images, labelled.picture, labelled.masks.__getitem__, labelled.spec


def test_examples_are_rows_of_a_class_from_small_to_large(labelled, measured, readable):
    figure = eda.examples(*show(labelled, measured))
    readable(figure)
    sizes = measured.masks.set_index(["ImageId", "ClassId"])["area"]
    seen: dict[int, list[int]] = {}
    for axes in figure.axes:
        caption = axes.get_title(loc="left")
        if caption.startswith("clean"):
            assert not caption.endswith(tuple(labelled.table["ImageId"]))
            continue
        if "…" in caption:
            continue
        image = caption.replace("\n", ": ").split(": ")[-1]
        class_id = 1 + class_labels(labelled.spec).index(caption.split(", ")[0])
        assert f"({sizes[image, class_id]:,} px)" in caption
        seen.setdefault(class_id, []).append(sizes[image, class_id])
    assert seen
    for class_id, areas in seen.items():
        own = measured.masks.loc[measured.masks["ClassId"] == class_id, "area"]
        assert areas == sorted(areas)
        assert len(own) == 1 or (areas[0], areas[-1]) == (own.min(), own.max())


def test_examples_are_of_the_given_images(labelled, measured):
    few = labelled.images[:4]
    for caption in captions(eda.examples(*show(labelled, measured, few))):
        assert "…" in caption or caption.endswith(tuple(few))


def test_examples_of_clean_images_alone(clean, none_measured, readable):
    figure = eda.examples(*show(clean, none_measured))
    readable(figure)
    assert len(captions(figure)) == columns_for(clean.spec)
    assert all(caption.startswith("clean") for caption in captions(figure))


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
    assert figure._repr_png_() is None
    assert figure._repr_jpeg_().startswith(b"\xff\xd8")
    chart = eda.class_counts(labelled.table, labelled.images, labelled.spec)
    assert chart._repr_jpeg_() is None
    assert chart._repr_png_().startswith(b"\x89PNG")
