"""Near-duplicate pictures as text and side by side."""

from collections.abc import Sequence

import pandas as pd

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.data.duplicates import duplicate_groups
from severstal.data.duplicates.labels import labelled_differently
from severstal.data.images import Pictures
from severstal.report.overlay import Panel, gallery
from severstal.report.palette import Sheet


def format_duplicates(images: Sequence[str], pairs: pd.DataFrame) -> str:
    """Format the groups of near-duplicates and the pairs that are labelled differently, as text.

    Args:
        images: names of all pictures that were compared.
        pairs: one row per pair, as `compare_labels` returns them.

    Returns:
        A summary, one line per group, one line per pair whose labels differ.

    Example:
        >>> columns = ["first", "second", "classes_first", "classes_second", "same_label"]
        >>> pairs = pd.DataFrame([("a", "c", "1", "", 0.0)], columns=columns)
        >>> print(format_duplicates(["a", "b", "c"], pairs))
        3 pictures, 1 pair of near-duplicates in 1 group, 1 pair labelled differently
        group of 2: a c
        labelled differently: a has class 1, c is clean; Dice of their masks 0.00
    """
    differing = pairs[labelled_differently(pairs)]
    groups = duplicate_groups(images, pairs)
    groups = [list(group.index) for _, group in groups.groupby(groups) if len(group) > 1]
    lines = [
        f"{len(images):,} pictures, {_some(len(pairs), 'pair')} of near-duplicates in "
        f"{_some(len(groups), 'group')}, {_some(len(differing), 'pair')} labelled differently"
    ]
    lines += [f"group of {len(group)}: {' '.join(group)}" for group in groups]
    for pair in differing.itertuples():
        lines.append(
            f"labelled differently: {pair.first} {_classes(pair.classes_first)}, {pair.second} "
            f"{_classes(pair.classes_second)}; Dice of their masks {pair.same_label:.2f}"
        )
    return "\n".join(lines)


def format_copies(pairs: pd.DataFrame, train: Sequence[str], test: Sequence[str]) -> str:
    """Describe which test pictures are also in the training set, and how they are rotated and scaled there.

    Args:
        pairs: pairs of train and test pictures, as `find_duplicates(train, test)` returns them.
        train: names of all train pictures.
        test: names of all test pictures.

    Returns:
        Lines of text: a summary, and one line per pair.

    Example:
        >>> row = {"first": "a", "second": "x", "orientation": "rotated 90", "scale": 1.1, "agreement": 0.9}
        >>> print(format_copies(pd.DataFrame([row]), ["a", "b"], ["x"]))
        1 of 1 test pictures is also in the training set; 1 of 2 train pictures is also in the test set
        test x: train a, rotated 90, scaled by 1.10 (agreement 0.90)
    """
    found, used = pairs["second"].nunique(), pairs["first"].nunique()
    lines = [
        f"{found:,} of {len(test):,} test pictures {_are(found)} also in the training set; "
        f"{used:,} of {len(train):,} train pictures {_are(used)} also in the test set"
    ]
    for pair in pairs.sort_values(
        ["second", "agreement"], ascending=[True, False], kind="stable"
    ).itertuples():
        scaled = "" if pair.scale == 1 else f", scaled by {pair.scale:.2f}"
        lines.append(
            f"test {pair.second}: train {pair.first}, {pair.orientation}{scaled} "
            f"(agreement {pair.agreement:.2f})"
        )
    return "\n".join(lines)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def pair_gallery(pairs: pd.DataFrame, pictures: Pictures, masks: Masks, spec: Spec, most: int = 6) -> Sheet:
    """Show pairs of near-duplicates, one row per pair, those labelled differently first.

    Args:
        pairs: one row per pair, as `compare_labels` returns them.
        pictures: pictures of all these pairs.
        masks: masks of all these pairs.
        spec: names the classes.
        most: maximum number of rows.

    Example:
        >>> from types import SimpleNamespace
        >>> import numpy as np
        >>> from severstal.competition.spec import SEVERSTAL
        >>> columns = ["first", "second", "orientation", "scale", "shift_y", "shift_x", "agreement"]
        >>> columns += ["classes_first", "classes_second", "same_label"]
        >>> pairs = pd.DataFrame([("a", "b", "same", 1.0, 3, -20, 0.93, "", "", 1.0)], columns=columns)
        >>> store = SimpleNamespace(picture=lambda name: np.zeros((256, 1600), np.uint8))
        >>> labels = pd.DataFrame(columns=["ImageId", "ClassId", "EncodedPixels"])
        >>> figure = pair_gallery(pairs, store, Masks(labels, SEVERSTAL), SEVERSTAL)
        >>> figure.axes[0].get_title(loc="left")
        'a: clean'
    """
    order = (~labelled_differently(pairs)).sort_values(kind="stable").index[:most]
    panels: list[Panel | None] = []
    for pair in pairs.loc[order].itertuples():
        moved = (
            f"{pair.shift_x:+d} across, {pair.shift_y:+d} down"
            if pair.shift_x or pair.shift_y
            else "same place"
        )
        if pair.orientation != "same" or pair.scale != 1:
            moved = f"{pair.orientation}, scaled by {pair.scale:.2f}, {moved}"
        captions = (
            f"{pair.first}: {_shown(pair.classes_first)}",
            f"{pair.second}: {_shown(pair.classes_second)} ({moved}, agreement {pair.agreement:.2f})",
        )
        for name, caption in zip((pair.first, pair.second), captions, strict=True):
            panels.append(Panel(pictures.picture(name), masks[name], caption))
    differing = int(labelled_differently(pairs).sum())
    note = (
        f"{min(most, len(pairs))} of {_some(len(pairs), 'pair')}; {_some(differing, 'pair')} labelled "
        "differently. Contours are the labels. The caption states the shift of the second picture and the "
        "agreement, the correlation of small pieces of both, 1 where they are equal."
    )
    figure = gallery(panels, spec, "Near-duplicate pictures", note, columns=2)
    figure.photographic = True
    return figure


def _some(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _classes(classes: str) -> str:
    return f"has {_shown(classes)}" if classes else "is clean"


def _shown(classes: str) -> str:
    return f"class {' + '.join(classes.split())}" if classes else "clean"
