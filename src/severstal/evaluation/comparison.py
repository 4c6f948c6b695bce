"""Paired comparison of two predictions of the same images, and the error budget of the difference."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from severstal.competition.budget import BUDGET_PARTS, LostPoints, error_budget
from severstal.competition.scored import ScoredPairs
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import PairedDifference, paired


@dataclass(frozen=True)
class PartComparison:
    """A comparison of B with A over the pairs of one class, or of all.

    Attributes:
        name: `ClassId` and name of the class, or "all classes".
        a: A's score over these pairs, 0 to 1.
        b: B's score.
        difference: B - A, by a paired bootstrap; its `probability` is that B is better.
        gains: A's lost points less B's by kind: `missed` defects, false `alarms` and `outlines`; negative
            where B is worse. In points of the score over all classes: the classes add up to the whole, and
            the kinds of the whole to the difference.
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
        names: names of A and B.
        images: number of scored images.
        units: number of groups that were resampled; equal to `images` where each is its own group.
        better: number of pairs with a higher Dice in B.
        worse: number of pairs with a higher Dice in A.
        whole: comparison over all pairs.
        classes: comparison over the pairs of each class.
        notes: caveats, one line each.
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
        """State in one sentence whether the difference is significant."""
        difference = self.whole.difference
        if not self.better and not self.worse:
            return "A and B have the same Dice in every pair: there is no difference."
        ends = f"(95 % interval {difference.low:+.4f} to {difference.high:+.4f})"
        sure = f"B is better in {100 * difference.probability:.1f} % of the resamples"
        if not difference.is_significant:
            return (
                f"The difference of {difference.mean:+.4f} {ends} is not significant: the interval contains "
                f"0, and {sure}."
            )
        side = "better" if difference.mean > 0 else "worse"
        return f"B is {side} by {abs(difference.mean):.4f} {ends}, which is significant: {sure}."

    def to_dict(self) -> dict[str, Any]:
        """All numbers as JSON values."""
        return {
            "a": self.names[0],
            "b": self.names[1],
            "images": self.images,
            "resampled": self.units,
            "better": self.better,
            "worse": self.worse,
            "verdict": self.verdict,
            "is_significant": self.whole.difference.is_significant,
            "whole": asdict(self.whole),
            "classes": [asdict(part) for part in self.classes],
            "notes": list(self.notes),
        }


def compare_pairs(a: ScoredPairs, b: ScoredPairs, names: tuple[str, str]) -> Comparison:
    """Compare two predictions of the same images by a paired bootstrap over groups of images.

    Both are scored on the same resamples, so that the difficulty of an image cancels out.

    Args:
        a: scored pairs of A.
        b: scored pairs of B, of the same images in any order.
        names: names of A and B.

    Raises:
        SeverstalError: A and B differ in classes, images, true masks or groups.

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
        notes.append("all images are treated as independent: no groups of near-duplicates are known")
    if not np.array_equal(a.folds, b.folds):
        notes.append("A and B were split into different folds, which accounts for part of the difference")
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
    """The pairs of B in the order of A's images."""
    both = f"{names[0]} and {names[1]}"
    if a.spec != b.spec:
        raise SeverstalError(
            f"{both} are of the data sets {a.spec.name} and {b.spec.name}, whose shape or classes differ: "
            "compare predictions of the same images"
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
            f"{both} were scored on different labels: image {a.images[row]} class {column + 1} has "
            f"{a.true[row, column]:,} and {b.true[row, column]:,} true pixels: score both again on the same"
        )
    joint = np.unique(np.column_stack([a.groups, b.groups]), axis=0)
    if len(joint) > min(len(np.unique(a.groups)), len(np.unique(b.groups))):
        raise SeverstalError(
            f"{both} have different groups of near-duplicates: score both again with the same version"
        )
    return b
