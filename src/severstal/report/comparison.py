"""Whether one prediction is better than another on the same images, and where the difference comes from."""

import textwrap
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from severstal.competition.budget import BUDGET_PARTS, LostPoints, error_budget
from severstal.competition.scored import ScoredPairs
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import PairedDifference, paired
from severstal.report.palette import cut

WIDTH = 100  # columns of a terminal
NAME_WIDTH = 17


@dataclass(frozen=True)
class PartComparison:
    """A comparison of B with A over the pairs of one class, or of all.

    Attributes:
        name: `ClassId` and name of the class, or "all classes".
        a: A's score over these pairs, 0 to 1.
        b: B's score.
        difference: B's less A's, resampled in pairs; its `probability` is that B is better.
        gains: what B wins by fewer `missed` defects, fewer false `alarms` and better `outlines`, negative
            where it loses, in points of the score over all classes: those of the classes add up to the
            whole's, and those of the whole to the difference.
    """

    name: str
    a: float
    b: float
    difference: PairedDifference
    gains: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """A comparison of B with A.

    Attributes:
        names: of A and of B.
        images: scored.
        units: groups of images that were resampled; as many as images where each stands alone.
        better: pairs in which B's Dice is the higher.
        worse: pairs in which A's is.
        whole: over all pairs.
        classes: over those of each class.
        notes: one line for each thing that a reader of the figures has to know.
    """

    names: tuple[str, str]
    images: int
    units: int
    better: int
    worse: int
    whole: PartComparison
    classes: tuple[PartComparison, ...]
    notes: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Whether the difference is real, in a sentence."""
        difference = self.whole.difference
        if not self.better and not self.worse:
            return "A and B have the same Dice in every pair: there is no difference."
        ends = f"(95 % interval {difference.low:+.4f} to {difference.high:+.4f})"
        sure = f"B is better in {100 * difference.probability:.1f} % of the resamples"
        if not difference.is_real:
            return (
                f"The difference of {difference.mean:+.4f} {ends} is not shown to be real: the interval "
                f"holds 0, and {sure}."
            )
        side = "better" if difference.mean > 0 else "worse"
        return f"B is {side} by {abs(difference.mean):.4f} {ends}, and the difference is real: {sure}."

    def to_dict(self) -> dict[str, Any]:
        """All figures as values that JSON knows."""
        return {
            "a": self.names[0],
            "b": self.names[1],
            "images": self.images,
            "resampled": self.units,
            "better": self.better,
            "worse": self.worse,
            "verdict": self.verdict,
            "is_real": self.whole.difference.is_real,
            "whole": asdict(self.whole),
            "classes": [asdict(part) for part in self.classes],
            "notes": list(self.notes),
        }


def compare_pairs(a: ScoredPairs, b: ScoredPairs, names: tuple[str, str]) -> Comparison:
    """Compare two predictions of the same images, resampled in pairs by image group.

    Both are drawn on the same resamples, so that what makes an image hard for either cancels out.

    Args:
        a: pairs as A was scored.
        b: pairs as B was, of the same images, in any order.
        names: of A and of B.

    Raises:
        SeverstalError: they are of other classes, images, true masks or groups.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> spec, true = Spec("tiles", (4, 4), ("hole",)), np.array([[8], [8], [0], [0]])
        >>> a, b = (ScoredPairs(tuple("abcd"), spec, n * (true > 0), true, true) for n in (4, 6))
        >>> found = compare_pairs(a, b, ("a.csv", "b.csv"))
        >>> found.whole.difference.mean, found.whole.gains
        (0.125, {'missed': 0.0, 'alarms': 0.0, 'outlines': 0.125})
    """
    if not len(a):
        raise SeverstalError(f"{names[0]}: no image to compare: score at least one")
    b = _aligned(a, b, names)
    notes = []
    if not a.grouped:
        notes.append("every image is resampled for itself: no groups of near-duplicates are known")
    if not np.array_equal(a.folds, b.folds):
        notes.append("A and B were dealt into other folds, so that part of the difference is their luck")
    budgets = [error_budget(each.intersection, each.predicted, each.true) for each in (a, b)]
    labels = [f"{k} {name}" for k, name in zip(a.spec.class_ids, a.spec.classes, strict=True)]
    classes = tuple(
        _part(label, a.dice[:, [k]], b.dice[:, [k]], a.groups, *(each.classes[k] for each in budgets))
        for k, label in enumerate(labels)
    )
    return Comparison(
        names=names,
        images=len(a),
        units=len(np.unique(a.groups)),
        better=int(np.count_nonzero(b.dice > a.dice)),
        worse=int(np.count_nonzero(b.dice < a.dice)),
        whole=_part("all classes", a.dice, b.dice, a.groups, *(each.whole for each in budgets)),
        classes=classes,
        notes=tuple(notes),
    )


def format_comparison(found: Comparison) -> str:
    """Lay out a comparison as plain text for a terminal, at most 100 columns wide.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> spec, true = Spec("tiles", (4, 4), ("hole",)), np.array([[8], [8], [0], [0]])
        >>> a, b = (ScoredPairs(tuple("abcd"), spec, n * (true > 0), true, true) for n in (4, 8))
        >>> print(format_comparison(compare_pairs(a, b, ("a.csv", "b.csv"))))
        A a.csv
        B b.csv
        -------
        The difference of +0.2500 (95 % interval +0.0000 to +0.5000) is not shown to be real: the interval
        holds 0, and B is better in 97.1 % of the resamples.
        B scores higher in 2 and lower in 0 of 4 pairs; resampled by 4 images.
        <BLANKLINE>
        class             A       B    B - A  95 % interval         better   missed   alarms  outlines
        1 hole       0.7500  1.0000  +0.2500  +0.0000 to +0.5000      97 %  +0.0000  +0.0000   +0.2500
        all classes  0.7500  1.0000  +0.2500  +0.0000 to +0.5000      97 %  +0.0000  +0.0000   +0.2500
        * the interval leaves out 0, as 1 in 20 does by chance alone; better: resamples in which B is
        missed, alarms, outlines: what B wins by each, in points of the score over all classes
        note: every image is resampled for itself: no groups of near-duplicates are known
    """
    a, b = (cut(f"{side} {name}", WIDTH) for side, name in zip("AB", found.names, strict=True))
    images = f"{found.images:,} images"
    by = images if found.units == found.images else f"{found.units:,} groups of {images}"
    parts = [*found.classes, found.whole]
    labels = [cut(part.name, NAME_WIDTH) for part in parts]
    wide = max(len(label) for label in ("class", *labels))
    lines = [
        a,
        b,
        "-" * max(len(a), len(b)),
        *textwrap.wrap(found.verdict, WIDTH),
        f"B scores higher in {found.better:,} and lower in {found.worse:,} of "
        f"{found.images * len(found.classes):,} pairs; resampled by {by}.",
        "",
        f"{'class':{wide}}  {'A':>6}  {'B':>6}  {'B - A':>7}  {'95 % interval':<18}    {'better':>6}  "
        f"{'missed':>7}  {'alarms':>7}  {'outlines':>8}",
    ]
    for label, part in zip(labels, parts, strict=True):
        difference = part.difference
        ends = f"{signed(difference.low)} to {signed(difference.high)}"
        gains = [signed(part.gains[kind]) for kind in BUDGET_PARTS]
        lines.append(
            f"{label:{wide}}  {part.a:6.4f}  {part.b:6.4f}  {signed(difference.mean)}  {ends}"
            f" {'*' if difference.is_real else ' '}  {100 * difference.probability:4.0f} %  "
            f"{gains[0]}  {gains[1]}   {gains[2]}"
        )
    lines += [
        "* the interval leaves out 0, as 1 in 20 does by chance alone; better: resamples in which B is",
        "missed, alarms, outlines: what B wins by each, in points of the score over all classes",
    ]
    notes = [line for note in found.notes for line in textwrap.wrap(f"note: {note}", WIDTH)]
    return "\n".join([*lines, *notes])


def signed(value: float) -> str:
    """Four decimals with a sign, which a rounded 0 does not keep.

    Example:
        >>> signed(0.01), signed(-0.00001)
        ('+0.0100', '+0.0000')
    """
    return f"{round(value, 4) + 0.0:+.4f}"


def _part(
    name: str,
    dice_a: np.ndarray,
    dice_b: np.ndarray,
    groups: np.ndarray,
    loss_a: LostPoints,
    loss_b: LostPoints,
) -> PartComparison:
    gains = {kind: getattr(loss_a, kind) - getattr(loss_b, kind) for kind in BUDGET_PARTS}
    difference = paired(dice_b, dice_a, groups)
    return PartComparison(name, float(dice_a.mean()), float(dice_b.mean()), difference, gains)


def _aligned(a: ScoredPairs, b: ScoredPairs, names: tuple[str, str]) -> ScoredPairs:
    """B's pairs in the order of A's images."""
    both = f"{names[0]} and {names[1]}"
    if a.spec != b.spec:
        raise SeverstalError(
            f"{both} are about data sets {a.spec.name} and {b.spec.name}, of other shape or classes: compare "
            "predictions of the same images"
        )
    place = {image: row for row, image in enumerate(b.images)}
    known = set(a.images)
    for one, other, lacking in (
        (*names, [image for image in a.images if image not in place]),
        (*names[::-1], [image for image in b.images if image not in known]),
    ):
        if lacking:
            count = f"{len(lacking):,} image{'s' if len(lacking) > 1 else ''}"
            raise SeverstalError(
                f"{one} scores {count} that {other} does not, such as {lacking[0]}: compare "
                "predictions of the same images"
            )
    b = b.take(np.array([place[image] for image in a.images], np.int64))
    other = np.argwhere(a.true != b.true)
    if len(other):
        row, column = other[0]
        raise SeverstalError(
            f"{both} were scored on other labels: image {a.images[row]} class {column + 1} has "
            f"{a.true[row, column]:,} and {b.true[row, column]:,} true pixels: score both again on the same"
        )
    joint = np.unique(np.column_stack([a.groups, b.groups]), axis=0)
    if len(joint) > min(len(np.unique(a.groups)), len(np.unique(b.groups))):
        raise SeverstalError(
            f"{both} know other groups of near-duplicates: score both again with the same version"
        )
    return b
