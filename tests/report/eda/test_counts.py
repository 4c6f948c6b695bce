"""The figures of the number of images with each class, and with each combination."""

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from severstal.competition.masks import Masks
from severstal.competition.scored import score_masks
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.competition.tables import read_labels
from severstal.data.mask_statistics import mask_statistics
from severstal.evaluation.labels import class_labels
from severstal.report import eda
from severstal.report.palette import colour


def widths(axes):
    return [int(bar.get_width()) for bar in axes.patches]


def test_class_counts(labelled, readable):
    figure = eda.class_counts(labelled.table, labelled.images, labelled.spec)
    readable(figure, ("images (one with two classes counts in both)",))
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
    empty = score_masks(labelled.table.iloc[:0], labelled.table, labelled.images, labelled.spec).score.score
    assert f"the all-empty baseline scores {empty:.4f}" in figure.texts[1].get_text().replace("\n", " ")


def test_pixels_of_each_class(labelled, readable):
    measured = mask_statistics(labelled.table, labelled.spec)
    figure = eda.class_counts(labelled.table, labelled.images, labelled.spec, measured.masks)
    readable(figure)
    bits = np.stack([labelled.masks[name] for name in labelled.images])
    shares = [100 * np.mean(bits >> (k - 1) & 1) for k in labelled.spec.class_ids]
    drawn = [bar.get_width() for bar in figure.axes[1].patches]
    np.testing.assert_allclose(drawn[1:], 100 * np.array(shares) / sum(shares))
    texts = [text.get_text() for text in figure.axes[1].texts]
    for text, value in zip(texts[1:], shares, strict=True):
        assert text.endswith(f", {value / 100:.3%} of all")


def test_class_counts_without_a_defect(clean, readable):
    figure = eda.class_counts(clean.table, clean.images, clean.spec)
    readable(figure)
    assert widths(figure.axes[0]) == [12] + [0] * len(clean.spec.classes)
    assert "scores 1.0000" in figure.texts[1].get_text().replace("\n", " ")


def test_class_combinations(labelled, readable):
    figure = eda.class_combinations(labelled.table, labelled.images, labelled.spec)
    readable(figure, ("images", "classes"))
    dots, bars = figure.axes
    presence = labelled.masks.presence(labelled.images)
    combinations, numbers = np.unique(presence, axis=0, return_counts=True)
    names = [" + ".join(str(k + 1) for k in np.flatnonzero(row)) or "clean" for row in combinations]
    expected = dict(zip(names, numbers, strict=True))
    shown = [label.get_text() for label in dots.get_yticklabels()]
    assert dict(zip(shown, widths(bars), strict=True)) == expected
    assert widths(bars) == sorted(widths(bars), reverse=True)


def test_rare_combinations_are_left_out_with_a_note(readable):
    spec = Spec("many", (4, 4), tuple(f"kind {k}x" for k in range(16)))
    rows = [(f"{i}", k, "1 1") for i in range(40) for k in {1 + i % 16, 1 + i // 16 + i % 7}]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    figure = eda.class_combinations(table, sorted(set(table["ImageId"])), spec)
    readable(figure)
    shown = widths(figure.axes[1])
    assert len(shown) == 20
    assert f"({40 - sum(shown)} images) are left out" in figure.texts[1].get_text().replace("\n", " ")


def test_class_combinations_without_a_defect(clean, readable):
    figure = eda.class_combinations(clean.table, clean.images, clean.spec)
    readable(figure)
    assert widths(figure.axes[1]) == [12]


def test_real_labels(real_data, readable):
    folder = real_data / "severstal"
    table = read_labels(folder / "train.csv", SEVERSTAL)
    images = sorted(entry.name for entry in (folder / "train_images").iterdir())
    counts = eda.class_counts(table, images, SEVERSTAL)
    readable(counts)
    presence = Masks(table, SEVERSTAL).presence(images)
    assert widths(counts.axes[0])[1:] == presence.sum(0).tolist()
    readable(eda.class_combinations(table, images, SEVERSTAL))
