"""The difference of two submissions as text."""

import numpy as np

from severstal.competition.difference import ClassDifference, SubmissionDifference
from severstal.evaluation.labels import truncate

_COLUMNS = 100  # of a terminal
_NAME_WIDTH = 19  # columns for the name of a class
_IMAGE_WIDTH = 34  # columns for the name of an image


def format_difference(difference: SubmissionDifference, names: tuple[str, str], most: int) -> str:
    """Format the difference of two submissions as text, at most 100 columns wide.

    Args:
        difference: difference of B from A.
        names: names of A and B.
        most: maximum number of differences to list.

    Example:
        >>> import pandas as pd
        >>> from severstal.competition.difference import compare_tables
        >>> from severstal.competition.spec import Spec
        >>> columns = ["ImageId", "ClassId", "EncodedPixels"]
        >>> a, b = (pd.DataFrame([("a.jpg", 1, runs)], columns=columns) for runs in ("1 10", "6 10"))
        >>> spec = Spec("tiles", (8, 8), ("hole", "crack"))
        >>> print(format_difference(compare_tables(a, b, ["a.jpg"], spec), ("a.csv", "b.csv"), 5))
        A a.csv
        B b.csv
        -------
        B differs from A in 1 of 2 pairs (50.00 %), in 1 of 1 images
        If one of them were the truth, the other would score 0.7500.
        Whatever the truth is, their scores are at most 0.3334 apart.
        <BLANKLINE>
        class    neither  only A  only B    both   alike    Dice    px in A    px in B    change
        1 hole         0       0       0       1       0  0.5000         10         10    +0.0 %
        2 crack        1       0       0       0       0       -          -          -         -
        alike: to the pixel; Dice, px: means over the images where both have a mask
        <BLANKLINE>
        image  class               px in A    px in B    Dice
        a.jpg  1      in both           10         10  0.5000
    """
    a, b = (truncate(f"{side} {name}", _COLUMNS) for side, name in zip("AB", names, strict=True))
    lines = [a, b, "-" * max(len(a), len(b))]
    if not difference.differing:
        return "\n".join([*lines, f"The same masks in all {difference.pairs:,} pairs."])
    share = 100 * difference.differing / difference.pairs
    apart = np.ceil(1e4 * difference.apart) / 1e4  # rounded up, as it is a bound
    lines += [
        f"B differs from A in {difference.differing:,} of {difference.pairs:,} pairs ({share:.2f} %), "
        f"in {difference.differing_images:,} of {difference.images:,} images",
        f"If one of them were the truth, the other would score {difference.score:.4f}.",
        f"Whatever the truth is, their scores are at most {apart:.4f} apart.",
        "",
    ]
    labels = [truncate(f"{part.class_id} {part.name}", _NAME_WIDTH) for part in difference.classes]
    wide = max(len(label) for label in ("class", *labels))
    lines.append(
        f"{'class':{wide}}  neither  only A  only B    both   alike    Dice    px in A    px in B    change"
    )
    lines += [
        f"{label:{wide}}  {_class_columns(part)}"
        for label, part in zip(labels, difference.classes, strict=True)
    ]
    lines.append("alike: to the pixel; Dice, px: means over the images where both have a mask")
    largest = difference.table.head(most)
    if len(largest):
        images = [truncate(image, _IMAGE_WIDTH) for image in largest["ImageId"]]
        wide = max(len(image) for image in ("image", *images))
        lines += [
            "",
            f"{'image':{wide}}  class  {'':9}  {'px in A':>9}  {'px in B':>9}  {'Dice':>6}",
            *(
                f"{image:{wide}}  {row.ClassId:<5}  {row.kind:9}  {row.area_a:>9,}  {row.area_b:>9,}  "
                f"{row.dice:>6.4f}"
                for image, row in zip(images, largest.itertuples(), strict=True)
            ),
        ]
        if difference.differing > len(largest):
            lines.append(f"and {difference.differing - len(largest):,} more")
    return "\n".join(lines)


def _class_columns(part: ClassDifference) -> str:
    """One row of the table of classes."""
    counts = (part.only_a, part.only_b, part.both, part.alike)
    line = f"{part.both_empty:>7,}" + "".join(f"  {count:>6,}" for count in counts)
    if part.dice is None:
        return f"{line}  {'-':>6}  {'-':>9}  {'-':>9}  {'-':>8}"
    change = f"{100 * (part.area_b / part.area_a - 1):+.1f} %"
    return f"{line}  {part.dice:>6.4f}  {part.area_a:>9,.0f}  {part.area_b:>9,.0f}  {change:>8}"
