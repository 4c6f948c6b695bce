"""The figures of a submission, beside the known counts."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.contents import sum_up
from severstal.competition.spec import SEVERSTAL
from severstal.report.submission import (
    class_shares,
    format_contents,
    format_findings,
    predicted_counts,
    submission_gallery,
)


@pytest.mark.parametrize("known", [False, True])
def test_the_text_holds_every_count(labelled, known):
    truth = labelled.table.iloc[::2] if known else None
    contents = sum_up(labelled.table, labelled.images, labelled.spec, truth)
    text = format_contents(contents)
    lines = text.splitlines()
    assert lines[0].startswith(f"{contents.drawn} of 12 images with a mask (66.7 %), {contents.masks} mask")
    rows = lines[3 : 3 + len(contents.classes)]
    for row, part in zip(rows, contents.classes, strict=True):
        assert row.startswith(f"{part.class_id} ")
        median = "-" if part.median_area is None else f"{part.median_area:,.0f}"
        shown = [
            f"{part.masks}",
            f"{100 * part.share:.1f}",
            "%",
            median,
            *([str(part.true)] if known else []),
        ]
        assert row.split()[-len(shown) :] == shown
    assert len({len(line) for line in lines[2 : 3 + len(rows)]}) == 1
    assert ("by the given truth" in text) == known
    assert "leaderboard" not in text
    assert all(f"remark: {remark}" in lines for remark in contents.remarks)
    assert max(len(line) for line in lines[: 3 + len(rows)]) <= 100


def test_severstal_stands_beside_the_public_leaderboard():
    table = pd.DataFrame([("a.jpg", 3, "1 900")], columns=["ImageId", "ClassId", "EncodedPixels"])
    images = ["a.jpg", *(f"{k}.jpg" for k in range(5505))]
    lines = format_contents(sum_up(table, images, SEVERSTAL, table)).splitlines()
    assert max(map(len, lines)) <= 100
    assert len({len(line) for line in lines[2:7]}) == 1
    assert lines[5].split()[-8:] == ["|", "2,265", "1,868", "1,837", "1,792", "1,840", "1,770", "1,088"]
    text = "\n".join(lines)
    assert "the 1,801 public test images, scaled to these 5,506" in text
    assert "The all-empty baseline scored 0.85560 on the public leaderboard." in text
    assert "The all-empty baseline scores 1.0000 by the given truth." in text


def test_findings_are_counted_and_cut():
    assert format_findings([], "a.csv") == "a.csv: clean"
    lines = format_findings([f"row {k}" for k in range(1, 1202)], "a.csv").splitlines()
    assert lines[0] == "a.csv: 1,201 findings"
    assert lines[1:21] == [f"row {k}" for k in range(1, 21)]
    assert lines[21:] == ["and 1,181 more"]


def test_shares_are_those_of_the_presence(labelled):
    presence = labelled.masks.presence(labelled.images)
    shares = class_shares(labelled.table, len(labelled.images), labelled.spec)
    assert np.allclose(shares, [presence.any(1).mean(), *presence.mean(0)])


def draw_probability(spec, images=6):
    return np.random.default_rng(0).integers(0, 256, (images, len(spec.classes)), np.uint8)


def test_predicted_counts(labelled, readable):
    spec, sure = labelled.spec, draw_probability(labelled.spec)
    predicted = labelled.table.iloc[::2]
    figure = predicted_counts(predicted, sure, labelled.table, 12, spec)
    readable(figure, ("share of the images (%)",))
    axes = figure.axes[0]
    bars = [bar.get_width() for bar in axes.patches]
    assert np.allclose(bars, 100 * class_shares(predicted, 6, spec)[1:])
    ticks = next(line for line in axes.lines if line.get_marker() == "|")
    assert np.allclose(ticks.get_xdata(), 100 * class_shares(labelled.table, 12, spec)[1:])
    diamonds = next(line for line in axes.lines if line.get_marker() == "D")
    assert np.allclose(diamonds.get_xdata(), 100 * sure.mean(axis=0) / 255)
    low, high = sorted(axes.get_ylim())
    assert all(low <= bar.get_y() <= bar.get_y() + bar.get_height() <= high for bar in axes.patches)
    legend = [text.get_text() for text in figure.legends[0].texts]
    assert legend == ["predicted", "expected", "in the 12 train images"]
    assert "leaderboard" not in figure.texts[1].get_text().lower()


def test_predicted_counts_without_a_defect(clean, readable):
    figure = predicted_counts(clean.table, draw_probability(clean.spec) * 0, clean.table, 0, clean.spec)
    readable(figure)
    assert not any(bar.get_width() for bar in figure.axes[0].patches)


def test_gallery_beside_the_truth(labelled, readable):
    names, masks = labelled.images[1:4], labelled.masks
    figure = submission_gallery(
        names, labelled.picture, lambda name: masks[name] * 0, masks.__getitem__, labelled.spec
    )
    readable(figure)
    captions = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(captions) == 6
    assert [caption.split("\n")[0] for caption in captions[::2]] == names
    assert captions[1::2] == ["\npredicted: clean"] * 3


def test_gallery_without_truth(labelled, readable):
    figure = submission_gallery(
        labelled.images[:3], labelled.picture, labelled.masks.__getitem__, None, labelled.spec
    )
    readable(figure)
    assert len(figure.axes) == 3
    assert figure.axes[0].get_title(loc="left").startswith(f"{labelled.images[0]}: clean"[:20])
