"""The pairs as text and as pictures."""

import pandas as pd

from severstal.data.duplicates import compare_labels
from severstal.data.duplicates.table import DUPLICATE_COLUMNS
from severstal.report.duplicates import format_duplicates, pair_gallery


def pairs_of(labelled, links):
    names = labelled.images
    rows = [(names[a], names[b], "same", 1.0, 0, -12, 1.0, 2.0, 0.93) for a, b in links]
    pairs = pd.DataFrame(rows, columns=list(DUPLICATE_COLUMNS)).astype(DUPLICATE_COLUMNS)
    return compare_labels(pairs, labelled.masks, labelled.spec)


def test_groups_and_different_labels_are_reported(labelled):
    pairs = pairs_of(labelled, [(0, 1), (3, 6), (6, 9)])  # 0, 3, 6 and 9 are clean, 1 is not
    lines = format_duplicates(labelled.images, pairs).splitlines()
    names = labelled.images
    assert lines[0] == "12 pictures, 3 pairs of near-duplicates in 2 groups, 1 pair labelled differently"
    assert lines[1:3] == [
        f"group of 2: {names[0]} {names[1]}",
        f"group of 3: {names[3]} {names[6]} {names[9]}",
    ]
    assert lines[3].startswith(f"labelled differently: {names[0]} is clean, {names[1]} has class ")
    assert len(lines) == 4


def test_none_are_reported_too(labelled):
    assert format_duplicates(labelled.images, pairs_of(labelled, [])) == (
        "12 pictures, 0 pairs of near-duplicates in 0 groups, 0 pairs labelled differently"
    )


def test_the_gallery_shows_the_differing_pairs_first(labelled, readable):
    figure = pair_gallery(
        pairs_of(labelled, [(3, 6), (6, 9), (0, 1)]), labelled, labelled.masks, labelled.spec, most=2
    )
    readable(figure)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(titles) == 4
    assert titles[0].startswith(f"{labelled.images[0]}: clean"[:20])
    assert "2 of 3 pairs; 1 pair labelled" in figure.texts[1].get_text()
