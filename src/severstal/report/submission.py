"""A submission as text and as figures."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from severstal.competition import leaderboard
from severstal.competition.contents import Contents
from severstal.competition.spec import Spec
from severstal.evaluation.class_counts import class_shares
from severstal.evaluation.labels import class_labels, truncate
from severstal.report.crop import cell_shape, defect_window, with_shape
from severstal.report.overlay import Panel, describe_mask, gallery
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, colour, dress, legend_below, sheet

_ASPECT = 3.2  # width over height of the part of a long picture that is shown
_NAME_WIDTH = 28  # columns of a terminal for a class's name
_MOST_FINDINGS = 20  # no more lines for a file that is wrong in every row


def format_contents(contents: Contents) -> str:
    """Format the content of a submission as text, at most 100 columns wide.

    Example:
        >>> from severstal.competition.contents import sum_up
        >>> from severstal.competition.spec import Spec
        >>> table = pd.DataFrame([("a.jpg", 1, "1 9")], columns=["ImageId", "ClassId", "EncodedPixels"])
        >>> spec = Spec("tiles", (8, 8), ("hole", "crack"))
        >>> print(format_contents(sum_up(table, ["a.jpg", "b.jpg"], spec, truth=table)))
        1 of 2 images with a mask (50.0 %), 1 mask in all
        <BLANKLINE>
        class       masks    share  median px   truth
        1 hole          1   50.0 %          9       1
        2 crack         0    0.0 %          -       0
        <BLANKLINE>
        The all-empty baseline scores 0.7500 by the given truth.
        remark: class 2 (crack) has no mask at all
    """
    share = 100 * contents.drawn / max(contents.images, 1)
    masks = "1 mask" if contents.masks == 1 else f"{contents.masks:,} masks"
    lines = [
        f"{contents.drawn:,} of {contents.images:,} images with a mask ({share:.1f} %), {masks} in all",
        "",
    ]
    names = [truncate(f"{part.class_id} {part.name}", _NAME_WIDTH) for part in contents.classes]
    wide = max(len(name) for name in ("class", *names))
    known = contents.public or {}
    truth = contents.all_empty is not None
    lines.append(
        f"{'class':{wide}}  {'masks':>7}  {'share':>7}  {'median px':>9}"
        + (f"  {'truth':>6}" if truth else "")
        + ("  |" + "".join(f" {name:>5}" for name in known) if known else "")
    )
    for name, part in zip(names, contents.classes, strict=True):
        median = "-" if part.median_area is None else f"{part.median_area:,.0f}"
        lines.append(
            f"{name:{wide}}  {part.masks:>7,}  {100 * part.share:>5.1f} %  {median:>9}"
            + (f"  {part.true:>6,}" if truth else "")
            + ("  |" if known else "")
            + "".join(f" {counts[part.class_id - 1]:>{max(len(k), 5)},}" for k, counts in known.items())
        )
    lines.append("")
    if known:
        lines += [
            f"Right of the bar: the {leaderboard.IMAGES:,} public test images, scaled to these "
            f"{contents.images:,}: true counts by probing,",
            "then what the first-placed teams and two public solutions predicted.",
            f"The all-empty baseline scored {contents.public_all_empty:.5f} on the public leaderboard.",
        ]
    if truth:
        lines.append(f"The all-empty baseline scores {contents.all_empty:.4f} by the given truth.")
    return "\n".join([*lines, *(f"remark: {remark}" for remark in contents.remarks)]).rstrip("\n")


def format_findings(findings: Sequence[str], title: str) -> str:
    """Format the findings about a submission, one line each, at most 20.

    Example:
        >>> print(format_findings(["row 1: class 9: correct it"], "my.csv"))
        my.csv: 1 finding
        row 1: class 9: correct it
        >>> format_findings([], "my.csv")
        'my.csv: clean'
    """
    if not findings:
        return f"{title}: clean"
    count = "1 finding" if len(findings) == 1 else f"{len(findings):,} findings"
    more = [f"and {len(findings) - _MOST_FINDINGS:,} more"] if len(findings) > _MOST_FINDINGS else []
    return "\n".join([f"{title}: {count}", *findings[:_MOST_FINDINGS], *more])


def predicted_counts(
    predicted: pd.DataFrame,
    class_probability: np.ndarray,
    train: pd.DataFrame,
    n_train: int,
    spec: Spec,
) -> Sheet:
    """Compare the predicted images of each class with the expected ones and with the train images.

    Args:
        predicted: one row per mask of the submission.
        class_probability: (N, C) uint8 of all N test images, 0 to 255 for 0 to 1.
        train: labels, one row per mask.
        n_train: number of labelled images.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> table = pd.DataFrame({"ImageId": ["a"], "ClassId": [3]})
        >>> sure = np.uint8([[0, 0, 255, 0], [0, 0, 51, 0]])
        >>> bars = predicted_counts(table, sure, table, 4, SEVERSTAL).axes[0].patches
        >>> [float(bar.get_width()) for bar in bars if bar.get_width()]
        [50.0]
    """
    n_test, labels = len(class_probability), class_labels(spec)
    note = (
        f"Share of the {n_test:,} test images, and their number. Expected: the sum of the class "
        "probabilities, which is right if these are calibrated. A large gap is a shift of the data, or a "
        "rule that is too sensitive or too strict."
    )
    figure, ((axes,),) = sheet(
        FIGURE_WIDTH, 1.0 + 0.5 * len(labels), "How often each class is predicted", note
    )
    rows = np.arange(len(labels))
    shares = 100 * class_shares(predicted, n_test, spec)[1:]
    labelled = 100 * class_shares(train, n_train, spec)[1:]
    expected = 100 * class_probability.mean(axis=0) / 255 if n_test else np.zeros(len(labels))
    axes.barh(
        rows, shares, height=0.5, color=[*map(colour, spec.class_ids)], edgecolor="black", linewidth=0.6
    )
    tick = {"marker": "|", "linestyle": "none", "color": "black", "markersize": 26, "markeredgewidth": 2.5}
    diamond = {"marker": "D", "linestyle": "none", "color": "white", "markeredgecolor": "black"}
    axes.plot(labelled, rows, clip_on=False, **tick)
    axes.plot(expected, rows, clip_on=False, markersize=9, **diamond)
    handles: list[Artist] = [
        Patch(facecolor="#4D4D4D", edgecolor="black", label="predicted"),
        Line2D([], [], label="expected", markersize=9, **diamond),
        Line2D([], [], label=f"in the {n_train:,} train images", **(tick | {"markersize": 13})),
    ]
    reached = np.maximum.reduce([shares, labelled, expected])
    most = float(reached.max()) or 1.0
    numbers = (predicted["ClassId"] == k for k in spec.class_ids)
    for row, number in enumerate(numbers):
        text = f"{int(number.sum()):,} predicted, {expected[row] * n_test / 100:,.1f} expected"
        axes.text(reached[row] + 0.025 * most, row, text, va="center", fontsize=TEXT_SIZE - 1)
    axes.set_yticks(rows, labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(0, 1.4 * most)
    dress(axes, x="share of the images (%)", grid="x")
    legend_below(figure, handles)
    return figure


def submission_gallery(
    names: Sequence[str],
    picture: Callable[[str], np.ndarray],
    predicted: Callable[[str], np.ndarray],
    truth: Callable[[str], np.ndarray] | None,
    spec: Spec,
    remarks: Mapping[str, str] | None = None,
    title: str = "",
) -> Sheet:
    """Show images with their submitted masks, beside the truth where it is known.

    Long pictures are cut to the part that holds most of the defects.

    Args:
        names: names of the images to show.
        picture: function from an image's name to its pixels, (H, W) uint8.
        predicted: function from an image's name to its submitted (H, W) bitmask.
        truth: function from an image's name to its true (H, W) bitmask; None where it is not known.
        spec: names the classes.
        remarks: a few words before the name of an image, such as "best of class 3".
        title: title of the figure; empty for the usual one.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> empty = lambda name: np.zeros((256, 1600), np.uint8)
        >>> figure = submission_gallery(["a.jpg"], empty, empty, empty, SEVERSTAL)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['a.jpg\\ntruth: clean', '\\npredicted: clean']
    """
    height, width = cell_shape(spec, [predicted(name).shape for name in names])
    shape = height, min(width, round(_ASPECT * height))
    panels = []
    for name in names:
        drawn, mask = picture(name), predicted(name)
        true = None if truth is None else truth(name)
        part = defect_window(mask if true is None or not true.any() else true, shape)
        remark = (remarks or {}).get(name)
        head = f"{remark}: {name}" if remark else name
        if true is None:
            panels.append(Panel(drawn[part], mask[part], f"{head}: {describe_mask(mask, spec)}"))
            continue
        panels.append(Panel(drawn[part], true[part], f"{head}\ntruth: {describe_mask(true, spec)}"))
        panels.append(Panel(drawn[part], mask[part], f"\npredicted: {describe_mask(mask, spec)}"))
    note = "The number at a contour is its ClassId."
    if shape[1] < width:
        note += " Pictures are cut to the part with most of the defects."
    cut = with_shape(spec, shape)
    if truth is None:
        return gallery(panels, cut, title or "Submitted masks", note)
    note = f"Left the truth, right the prediction. {note}"
    figure = gallery(
        panels, cut, title or "Submitted masks beside the truth", note, 2 if width > 2.5 * height else 4
    )
    figure.photographic = True
    return figure
