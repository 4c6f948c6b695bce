"""What is about to be submitted, as text and as figures."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from severstal.competition import leaderboard
from severstal.competition.contents import Contents
from severstal.competition.spec import Spec
from severstal.report.overlay import Panel, columns_for, describe, gallery
from severstal.report.palette import (
    TEXT_SIZE,
    WIDTH,
    Sheet,
    class_labels,
    colour,
    cut,
    dress,
    legend_below,
    sheet,
)

NAME_WIDTH = 28  # columns of a terminal for a class's name
MOST_FINDINGS = 20  # a file that is all wrong needs no line a row


def print_contents(contents: Contents) -> str:
    """Lay out what a submission holds as plain text for a terminal, at most 100 columns wide.

    Example:
        >>> from severstal.competition.contents import sum_up
        >>> from severstal.competition.spec import Spec
        >>> table = pd.DataFrame([("a.jpg", 1, "1 9")], columns=["ImageId", "ClassId", "EncodedPixels"])
        >>> spec = Spec("tiles", (8, 8), ("hole", "crack"))
        >>> print(print_contents(sum_up(table, ["a.jpg", "b.jpg"], spec, truth=table)))
        1 of 2 images with a mask (50.0 %), 1 mask in all
        <BLANKLINE>
        class       masks    share  median px   truth
        1 hole          1   50.0 %          9       1
        2 crack         0    0.0 %          -       0
        <BLANKLINE>
        Submitting nothing scores 0.7500 by the truth at hand.
        remark: class 2 (crack) has no mask at all
    """
    share = 100 * contents.drawn / max(contents.images, 1)
    masks = "1 mask" if contents.masks == 1 else f"{contents.masks:,} masks"
    lines = [
        f"{contents.drawn:,} of {contents.images:,} images with a mask ({share:.1f} %), {masks} in all",
        "",
    ]
    names = [cut(f"{part.class_id} {part.name}", NAME_WIDTH) for part in contents.classes]
    wide = max(len(name) for name in ("class", *names))
    known = contents.public or {}
    truth = contents.nothing is not None
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
            f"Submitting nothing scored {contents.public_nothing:.5f} on the public leaderboard.",
        ]
    if truth:
        lines.append(f"Submitting nothing scores {contents.nothing:.4f} by the truth at hand.")
    return "\n".join([*lines, *(f"remark: {remark}" for remark in contents.remarks)]).rstrip("\n")


def print_findings(findings: Sequence[str], title: str) -> str:
    """Say what is wrong with a submission, a line a finding, the first 20 of them.

    Example:
        >>> print(print_findings(["row 1: class 9: correct it"], "my.csv"))
        my.csv: 1 finding
        row 1: class 9: correct it
        >>> print_findings([], "my.csv")
        'my.csv: clean'
    """
    if not findings:
        return f"{title}: clean"
    count = "1 finding" if len(findings) == 1 else f"{len(findings):,} findings"
    more = [f"and {len(findings) - MOST_FINDINGS:,} more"] if len(findings) > MOST_FINDINGS else []
    return "\n".join([f"{title}: {count}", *findings[:MOST_FINDINGS], *more])


def class_shares(table: pd.DataFrame, images: int, spec: Spec) -> np.ndarray:
    """Share of the images that show any class, and each class: (1 + C,) from 0 to 1.

    Args:
        table: tidy, a row a mask.
        images: how many there are, the clean ones too.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> table = pd.DataFrame({"ImageId": ["a", "a"], "ClassId": [1, 2]})
        >>> class_shares(table, 4, Spec("tiny", (4, 6), ("hole", "crack"))).tolist()
        [0.25, 0.25, 0.25]
    """
    numbers = [table["ImageId"].nunique(), *((table["ClassId"] == k).sum() for k in spec.class_ids)]
    return np.array(numbers, float) / max(images, 1)


def predicted_counts(
    predicted: pd.DataFrame, train: pd.DataFrame, n_test: int, n_train: int, spec: Spec
) -> Sheet:
    """Compare how often each class is predicted with how often it is labelled in the train images.

    Args:
        predicted: tidy table of the submission.
        train: tidy table of the labels.
        n_test: images to be segmented.
        n_train: labelled images.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> table = pd.DataFrame({"ImageId": ["a"], "ClassId": [3]})
        >>> bars = predicted_counts(table, table, 2, 4, SEVERSTAL).axes[0].patches
        >>> [float(bar.get_width()) for bar in bars if bar.get_width()]
        [50.0, 50.0, 25.0, 25.0]
    """
    labels = ["any class", *class_labels(spec)]
    figure, ((axes,),) = sheet(
        WIDTH,
        1.0 + 0.52 * len(labels),
        "How often each class is predicted",
        f"Share of the {n_test:,} test images beside that of the {n_train:,} train images. A large gap is "
        "either another mix of steel or a rule that is too bold or too shy.",
    )
    rows = np.arange(len(labels))
    fills = ["#4D4D4D", *map(colour, spec.class_ids)]
    sides = (
        ("predicted in the test images", predicted, n_test, -0.2, {"color": fills}),
        ("labelled in the train images", train, n_train, 0.2, {"color": "white", "hatch": "////"}),
    )
    handles = []
    most = 0.0
    for name, table, images, offset, look in sides:
        shares = 100 * class_shares(table, images, spec)
        bars = axes.barh(
            rows + offset, shares, height=0.38, edgecolor="black", linewidth=0.6, label=name, **look
        )
        numbers = [f"{share:.1f}% ({round(share * images / 100):,})" for share in shares]
        axes.bar_label(bars, numbers, padding=4, fontsize=TEXT_SIZE - 1)
        handles.append(bars[0])
        bars[0].set_label(name)
        most = max(most, shares.max())
    axes.set_yticks(rows, labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(0, 1.15 * most or 1)
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
    """Show images with what is submitted for them, beside the truth where it is known.

    Args:
        names: of the images to show.
        picture: gives an image's (H, W) uint8 by its name.
        predicted: gives its (H, W) bits as submitted.
        truth: gives its true (H, W) bits; None where they are not known.
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
            panels.append(Panel(picture(name), predicted(name), f"{name}: {describe(predicted(name), spec)}"))
            continue
        drawn = picture(name)
        panels.append(Panel(drawn, truth(name), f"{name}\ntruth: {describe(truth(name), spec)}"))
        panels.append(Panel(drawn, predicted(name), f"\nsubmitted: {describe(predicted(name), spec)}"))
    note = "The number at a contour is its ClassId."
    if truth is None:
        return gallery(panels, spec, "What is submitted", note)
    columns = 2 if columns_for(spec) == 2 else 4
    title = "What is submitted, beside the truth"
    return gallery(panels, spec, title, f"Left the truth, right the submission. {note}", columns)
