"""A submission as text and as figures."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from severstal.competition import leaderboard
from severstal.competition.contents import Contents
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.evaluation.class_counts import class_shares
from severstal.evaluation.labels import class_labels, truncate
from severstal.report.overlay import Panel, columns_for, describe_mask, gallery
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, colour, dress, legend_below, sheet

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

    For the competition's own data also with the public test images: true counts, and those that the first
    teams predicted.

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
        [50.0, 25.0]
    """
    n_test, labels = len(class_probability), class_labels(spec)
    known = leaderboard.counts_for(n_test) if spec == SEVERSTAL else {}
    note = (
        f"Share of the {n_test:,} test images, and their number. Expected: the sum of the class "
        "probabilities, which is right if these are calibrated. A large gap is a shift of the data, or a "
        "rule that is too sensitive or too strict."
    )
    if known:
        note += (
            f" Leaderboard: the competition's {leaderboard.IMAGES:,} public test images, scaled to these; "
            f"range over the {len(known) - 1} teams and solutions whose counts are known."
        )
    figure, ((axes,),) = sheet(
        FIGURE_WIDTH, 1.0 + 0.6 * len(labels), "How often each class is predicted", note
    )
    rows = np.arange(len(labels))
    shares = 100 * class_shares(predicted, n_test, spec)[1:]
    labelled = 100 * class_shares(train, n_train, spec)[1:]
    expected = 100 * class_probability.mean(axis=0) / 255 if n_test else np.zeros(len(labels))
    look = {"height": 0.34, "edgecolor": "black", "linewidth": 0.6}
    axes.barh(rows - 0.18, shares, color=[*map(colour, spec.class_ids)], **look)
    axes.barh(rows + 0.18, labelled, color="white", hatch="////", **look)
    marker = {"linestyle": "none", "markeredgecolor": "black", "clip_on": False}
    axes.plot(expected, rows - 0.18, "D", color="white", markersize=8, **marker)
    handles: list[Artist] = [
        Patch(facecolor="#4D4D4D", edgecolor="black", label="predicted"),
        Line2D([], [], marker="D", color="white", markersize=8, label="expected", **marker),
        Patch(facecolor="white", hatch="////", edgecolor="black", label=f"in the {n_train:,} train images"),
    ]
    reached = np.maximum.reduce([shares, labelled, expected])
    if known:
        public = 100 * np.array(list(known.values())) / max(n_test, 1)  # (1 + teams, C), the truth first
        low, high = public[1:].min(axis=0), public[1:].max(axis=0)
        span = {"color": "black", "linewidth": 1.6}
        for row in rows:
            axes.plot([low[row], high[row]], [row + 0.44] * 2, marker="|", markersize=7, **span)
        axes.plot(public[0], rows + 0.44, "x", color="black", markersize=7, markeredgewidth=2)
        handles += [
            Line2D([], [], marker="|", markersize=7, label="leaderboard: predicted by the best", **span),
            Line2D(
                [],
                [],
                marker="x",
                markersize=7,
                markeredgewidth=2,
                color="black",
                linestyle="none",
                label="leaderboard: true, by probing",
            ),
        ]
        reached = np.maximum(reached, public.max(axis=0))
    most = float(reached.max()) or 1.0
    numbers = (predicted["ClassId"] == k for k in spec.class_ids)
    for row, number in enumerate(numbers):
        text = f"{int(number.sum()):,} predicted, {expected[row] * n_test / 100:,.1f} expected"
        axes.text(reached[row] + 0.02 * most, row, text, va="center", fontsize=TEXT_SIZE - 1)
    axes.set_yticks(rows, labels)
    axes.set_ylim(len(labels) - 0.3, -0.5)
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
) -> Sheet:
    """Show images with their submitted masks, beside the truth where it is known.

    Args:
        names: names of the images to show.
        picture: function from an image's name to its pixels, (H, W) uint8.
        predicted: function from an image's name to its submitted (H, W) bitmask.
        truth: function from an image's name to its true (H, W) bitmask; None where it is not known.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> empty = lambda name: np.zeros((256, 1600), np.uint8)
        >>> figure = submission_gallery(["a.jpg"], empty, empty, empty, SEVERSTAL)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['a.jpg\\ntruth: clean', '\\nsubmitted: clean']
    """
    panels = []
    for name in names:
        if truth is None:
            panels.append(
                Panel(picture(name), predicted(name), f"{name}: {describe_mask(predicted(name), spec)}")
            )
            continue
        drawn = picture(name)
        panels.append(Panel(drawn, truth(name), f"{name}\ntruth: {describe_mask(truth(name), spec)}"))
        panels.append(Panel(drawn, predicted(name), f"\nsubmitted: {describe_mask(predicted(name), spec)}"))
    note = "The number at a contour is its ClassId."
    if truth is None:
        return gallery(panels, spec, "Submitted masks", note)
    columns = 2 if columns_for(spec) == 2 else 4
    title = "Submitted masks beside the truth"
    return gallery(panels, spec, title, f"Left the truth, right the submission. {note}", columns)
