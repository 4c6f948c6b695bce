"""Classes permuted and masks flipped: found from the masks or from the pictures."""

from collections.abc import Sequence

import numpy as np

from severstal.competition.spec import SEVERSTAL
from severstal.doctor.alignment import measure_turns, turns_of
from severstal.doctor.displaced import CheckResult, undo_in_rows
from severstal.doctor.displacements import Displacement
from severstal.doctor.features import measure_features
from severstal.doctor.mirrored import looks_like_reference, measure_flips
from severstal.doctor.permuted import expected_gain, find_renaming
from severstal.doctor.report import Finding
from severstal.doctor.significance import SUSPECT, Significance, measure_significance
from severstal.doctor.table import Table

FEW_PICTURES = 12
_NOT_SQUARE = (1, 2)  # of pictures that differ in size, only the flips are compared, which all have


def find_permuted_classes(table: Table) -> CheckResult:
    """Find classes that stand under each other's numbers; only the Severstal data set has a reference."""
    if table.spec != SEVERSTAL:
        return CheckResult(
            table, (), ("classes permuted: known only of the Severstal data set, by its reference",)
        )
    runs = table.runs
    labels = table.labelled[runs.rows]
    renaming = find_renaming(measure_features(runs, table.spec.image_shape), labels)
    weight, true = renaming.weight, renaming.true
    expected = expected_gain(labels, true)
    likely = weight.certainty > 0 and 0.4 < weight.mean / expected < 2.5
    if not likely:
        enough = weight.sigma < -SUSPECT
        few = f"classes permuted: {len(labels)} masks leave it open ({0 - weight.sigma:.1f} sigma against)"
        return CheckResult(table, (), () if enough else (few,))

    pairs = ", ".join(f"{k} is really {c}" for k, c in enumerate(true, start=1) if k != c)
    rows = [int(row) for row, label in zip(runs.rows, labels, strict=True) if true[label - 1] != label]
    finding = Finding(
        "classes permuted",
        table.path.name,
        f"classes stand under each other's numbers: {pairs}",
        len(rows),
        "renumber the classes of these rows",
        f"sizes and shapes of {weight.count:,} masks fit the other class by {weight.sigma:.1f} sigma "
        f"({weight.mean / expected:.2f} of the gain to be expected)",
        weight.certainty,
        repaired=weight.certainty == 1.0,
    )
    if not finding.certain:
        return CheckResult(table, (finding,))
    renamed = {
        index: row._replace(class_text=str(true[label - 1]))
        for index, (row, label) in enumerate(zip(table.rows, table.labelled, strict=True))
        if label and true[label - 1] != label
    }
    return CheckResult(table.changed(renamed), (finding,))


def find_flips(table: Table, matches: Sequence[np.ndarray]) -> CheckResult:
    """Find masks that were all flipped or rotated: by the pictures, or with few of them by the reference.

    Args:
        table: table, with all other repairs made.
        matches: results of `match_mask`, one per picture with masks; empty without pictures.
    """
    if len(matches) >= FEW_PICTURES:
        return _by_pictures(table, matches)
    if table.spec == SEVERSTAL:
        return _by_reference(table)
    reason = f"only {len(matches)} pictures to compare" if matches else "no pictures to compare"
    return CheckResult(table, (), (f"flips: {reason}, and only the Severstal data set has a reference",))


def _by_pictures(table: Table, matches: Sequence[np.ndarray]) -> CheckResult:
    shape = table.spec.image_shape or _NOT_SQUARE
    matches = [gained[: 1 + len(turns_of(shape))] for gained in matches]
    weights = measure_turns(matches, shape)
    turn = max(weights, key=lambda turn: weights[turn].mean)
    weight = weights[turn]
    if not weight.certainty:
        clear = all(other.sigma < -SUSPECT for other in weights.values())
        line = f"flips: {len(matches)} pictures leave it open ({_list_weights(weights)})"
        return CheckResult(table, (), () if clear else (line,))
    gained = np.array(matches)
    place = 1 + turns_of(shape).index(turn)
    rivals = [
        measure_significance(gained[:, place] - gained[:, k]).sigma
        for k in range(gained.shape[1])
        if k != place
    ]
    certainty = min(weight.certainty, 1.0 if min(rivals) > 3 else 0.9)
    return _flipped(
        table, turn, certainty, f"in {len(matches)} pictures the masks then fit what lies under them", weights
    )


def _by_reference(table: Table) -> CheckResult:
    runs = table.runs
    labels = table.labelled[runs.rows]
    features = measure_features(runs, table.spec.image_shape)
    weights = measure_flips(features, labels)
    flip = max(weights, key=lambda flip: weights[flip].mean)
    if weights[flip].certainty and looks_like_reference(features, labels, flip):
        why = f"{len(labels):,} masks then lie and end at the borders as the data set's do"
        return _flipped(table, flip, weights[flip].certainty, why, weights)
    clear = all(weight.sigma < -SUSPECT for weight in weights.values())
    line = f"flips: {len(labels):,} masks without pictures leave it open ({_list_weights(weights)})"
    return CheckResult(table, (), () if clear else (line,))


def _flipped(
    table: Table, turn: Displacement, certainty: float, why: str, weights: dict[Displacement, Significance]
) -> CheckResult:
    rows = table.runs.rows
    finding = Finding(
        "flip",
        table.path.name,
        f"masks are {turn}",
        len(rows),
        "undo it in every row",
        f"{why} ({_list_weights(weights)})",
        certainty,
        repaired=certainty == 1.0,
    )
    return CheckResult(undo_in_rows(table, turn, rows) if finding.certain else table, (finding,))


def _list_weights(weights: dict[Displacement, Significance]) -> str:
    return ", ".join(f"{turn} {weight.sigma:+.1f} sigma" for turn, weight in weights.items())
