"""What is drawn is what the labels say."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from severstal.competition.masks import Masks
from severstal.competition.metric import score_tables
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.competition.tables import read_labels
from severstal.report import eda
from severstal.report.overlay import columns_for
from severstal.report.palette import class_labels, colour


def widths(axes):
    return [int(bar.get_width()) for bar in axes.patches]


def test_areas_are_those_of_the_masks(labelled):
    drawn = [
        int((labelled.masks[row.ImageId] >> (row.ClassId - 1) & 1).sum())
        for row in labelled.table.itertuples()
    ]
    assert eda.areas(labelled.table).tolist() == drawn


def test_class_counts(labelled, readable):
    figure = eda.class_counts(labelled.table, labelled.images, labelled.spec)
    readable(figure, ("images (an image with two classes counts in both)",))
    presence = labelled.masks.presence(labelled.images)
    bars = figure.axes[0].patches
    assert widths(figure.axes[0]) == [(~presence.any(1)).sum(), *presence.sum(0)]
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars][1:] == [
        colour(k) for k in labelled.spec.class_ids
    ]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "clean",
        *class_labels(labelled.spec),
    ]
    empty = score_tables(labelled.table.iloc[:0], labelled.table, labelled.images, labelled.spec).score
    assert f"submitting nothing scores {empty:.4f}" in figure.texts[1].get_text().replace("\n", " ")


def test_class_counts_without_a_defect(clean, readable):
    figure = eda.class_counts(clean.table, clean.images, clean.spec)
    readable(figure)
    assert widths(figure.axes[0]) == [12] + [0] * len(clean.spec.classes)
    assert "scores 1.0000" in figure.texts[1].get_text().replace("\n", " ")


def test_class_combinations(labelled, readable):
    figure = eda.class_combinations(labelled.table, labelled.images, labelled.spec)
    readable(figure, ("images", "classes shown"))
    dots, bars = figure.axes
    presence = labelled.masks.presence(labelled.images)
    combinations, numbers = np.unique(presence, axis=0, return_counts=True)
    names = [" + ".join(str(k + 1) for k in np.flatnonzero(row)) or "clean" for row in combinations]
    expected = dict(zip(names, numbers, strict=True))
    shown = [label.get_text() for label in dots.get_yticklabels()]
    assert dict(zip(shown, widths(bars), strict=True)) == expected
    assert widths(bars) == sorted(widths(bars), reverse=True)


def test_many_combinations_are_cut_and_said_so(readable):
    spec = Spec("many", (4, 4), tuple(f"kind {k}x" for k in range(16)))
    rows = [(f"{i}", k, "1 1") for i in range(40) for k in {1 + i % 16, 1 + i // 16 + i % 7}]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    figure = eda.class_combinations(table, sorted(set(table["ImageId"])), spec)
    readable(figure)
    shown = widths(figure.axes[1])
    assert len(shown) == eda.MOST_COMBINATIONS
    assert f"({40 - sum(shown)} images) are left out" in figure.texts[1].get_text().replace("\n", " ")


def test_class_combinations_without_a_defect(clean, readable):
    figure = eda.class_combinations(clean.table, clean.images, clean.spec)
    readable(figure)
    assert widths(figure.axes[1]) == [12]


def test_area_distributions(labelled, readable):
    figure = eda.area_distributions(labelled.table, labelled.spec)
    readable(figure, ("area of the mask (pixels, logarithmic)", "masks"))
    sizes = eda.areas(labelled.table)
    for class_id, axes in zip(labelled.spec.class_ids, figure.axes, strict=True):
        own = sizes[labelled.table["ClassId"] == class_id]
        assert sum(bar.get_height() for bar in axes.patches) == len(own)
        assert axes.get_xscale() == "log"
        if len(own):
            assert f"{len(own)} masks, median {np.median(own):,.0f} px" in axes.get_title(loc="left")
            assert np.median(own) in [line.get_xdata()[0] for line in axes.lines]
        else:
            assert "no mask" in axes.get_title(loc="left")


@pytest.mark.parametrize("sizes", [[1], [409600], [7, 7, 7], [1, 409600]])
def test_every_area_falls_into_a_bar(sizes):
    table = pd.DataFrame({"ClassId": 2, "EncodedPixels": [f"1 {size}" for size in sizes]})
    axes = eda.area_distributions(table, SEVERSTAL).axes[1]
    assert sum(bar.get_height() for bar in axes.patches) == len(sizes)


def test_area_distributions_without_a_defect(clean, readable):
    readable(eda.area_distributions(clean.table, clean.spec))


def test_examples_are_a_row_a_class(labelled, readable):
    spec = labelled.spec
    figure = eda.examples(labelled.table, labelled.images, labelled.picture, labelled.masks.__getitem__, spec)
    readable(figure)
    labels = class_labels(spec)
    sizes = labelled.table.assign(area=eda.areas(labelled.table)).set_index(["ImageId", "ClassId"])["area"]
    for axes in figure.axes:
        caption = axes.get_title(loc="left")
        label, said = caption.split(": ")
        row = axes.get_subplotspec().rowspan.start
        if label == "clean":
            assert said not in set(labelled.table["ImageId"])
            continue
        class_id = (
            labels.index(label) + 1
            if label in labels
            else next(k for k in spec.class_ids if label == labels[k - 1])
        )
        image = said.split(" ")[0]
        if "…" not in caption:
            assert f"({sizes[image, class_id]:,} px)" in caption
        assert row == [k for k in spec.class_ids if k in set(labelled.table["ClassId"])].index(class_id)
    a_class = labelled.table["ClassId"].value_counts().clip(upper=columns_for(spec)).sum()
    assert len(figure.axes) == a_class + min(columns_for(spec), 4)


def test_examples_of_clean_images_alone(clean, readable):
    figure = eda.examples(clean.table, clean.images, clean.picture, clean.masks.__getitem__, clean.spec)
    readable(figure)
    assert {axes.get_title(loc="left").split(":")[0] for axes in figure.axes} == {"clean"}


def test_spread_is_even_and_in_range():
    for length in range(30):
        for number in range(1, 6):
            places = eda.spread(length, number)
            assert len(places) == min(length, number) or length < number
            assert all(0 <= place < length for place in places)
            assert places == sorted(set(places))


def test_real_labels(real_data, readable):
    folder = real_data / "severstal"
    table = read_labels(folder / "train.csv", SEVERSTAL)
    images = sorted(entry.name for entry in (folder / "train_images").iterdir())
    counts = eda.class_counts(table, images, SEVERSTAL)
    readable(counts)
    presence = Masks(table, SEVERSTAL).presence(images)
    assert widths(counts.axes[0])[1:] == presence.sum(0).tolist()
    readable(eda.class_combinations(table, images, SEVERSTAL))
    readable(eda.area_distributions(table, SEVERSTAL))
