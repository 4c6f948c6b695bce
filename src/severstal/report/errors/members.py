"""Where several runs disagree: class by class, and on which pairs most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from severstal.decision.summary import Truth
from severstal.evaluation.labels import class_label, shorten
from severstal.inference.ensemble import measure_overlap
from severstal.inference.maps import MapReader
from severstal.report.errors.panels import Row, side_by_side
from severstal.report.errors.worst import Lookup, nothing
from severstal.report.palette import TEXT_SIZE, WIDTH, Sheet, ink, sheet

# Share of the picture below which two maps' differences count for little, as in `Overlap.soft_dice`.
SMOOTH = 1e-3
ALONE = "Only one run was given: name others that were made on the same input and folds."


@dataclass(frozen=True)
class MemberSpread:
    """How much runs disagree on the same out-of-fold images.

    Attributes:
        runs: names of the M runs.
        classes: (C, M, M) of each two runs, 0 where their maps are equal, 1 where disjoint.
        pairs: a row a pair, the most disputed first: `ImageId`, `ClassId`, `spread` (0 to 1, of the two runs
            that differ most, of which a thousandth of the picture counts for little), and `first` and
            `second`, their places in `runs`. Empty for a single run.
    """

    runs: tuple[str, ...]
    classes: np.ndarray
    pairs: pd.DataFrame


def member_spread(readers: Sequence[MapReader], truth: Truth) -> MemberSpread:
    """Measure how much runs disagree; nothing is read where there is only one.

    Args:
        readers: of the runs' out-of-fold maps, at least one.
        truth: (H, W) picture of bits by image name.

    Raises:
        SeverstalError: the runs are of other images, folds or classes.

    Example:
        `member_spread([MapReader("runs/a/oof"), MapReader("runs/b/oof")], job.masks).pairs.head()` are the
        pairs that both see most differently.
    """
    columns = ["ImageId", "ClassId", "spread", "first", "second"]
    classes = len(readers[0].spec.classes)
    if len(readers) < 2:
        return MemberSpread(
            (readers[0].layout.run,), np.zeros((classes, 1, 1)), pd.DataFrame(columns=columns)
        )
    overlap = measure_overlap(readers, truth)
    products, smooth = overlap.products, SMOOTH * overlap.pixels
    own = np.einsum("ncii->nci", products)
    total = own[..., :, None] + own[..., None, :]
    apart = 1 - (2 * products + smooth) / (total + smooth)  # (N, C, M, M)
    members = len(readers)
    flat = apart.reshape(*apart.shape[:2], -1)
    first, second = np.divmod(flat.argmax(axis=2), members)
    table = pd.DataFrame(
        {
            "ImageId": np.repeat(np.array(readers[0].names, dtype=object), classes),
            "ClassId": np.tile(np.array(readers[0].spec.class_ids, np.int64), len(flat)),
            "spread": flat.max(axis=2).ravel(),
            "first": first.ravel(),
            "second": second.ravel(),
        }
    ).astype({"ImageId": "str"})
    ranked = table.sort_values(["spread", "ImageId", "ClassId"], ascending=[False, True, True])
    return MemberSpread(overlap.runs, overlap.disagreement(), ranked.reset_index(drop=True))


def disagreement_matrices(spread: MemberSpread, readers: Sequence[MapReader]) -> Sheet:
    """Show how much each two runs disagree on each class.

    Args:
        spread: as `member_spread` gives it.
        readers: of the same runs.

    Example:
        `disagreement_matrices(member_spread(readers, job.masks), readers)` has a matrix a class.
    """
    title = "How much the runs disagree"
    if len(spread.runs) < 2:
        return nothing(title, ALONE)
    spec, members = readers[0].spec, len(spread.runs)
    columns = min(len(spec.classes), 4)
    rows = -(-len(spec.classes) // columns)
    names = [f"{chr(65 + place % 26)}" for place in range(members)]
    listed = "; ".join(f"{letter} {run}" for letter, run in zip(names, spread.runs, strict=True))
    figure, axes = sheet(
        WIDTH,
        rows * min(2.6, 0.8 + 0.45 * members),
        title,
        "0: the maps of both are equal; 1: they lie nowhere on the same pixels. Runs that are good and "
        f"disagree make the best ensemble. {listed}.",
        rows,
        columns,
    )
    for place in axes.flat[len(spec.classes) :]:
        place.remove()
    for index, place in zip(range(len(spec.classes)), axes.flat, strict=False):
        shown = place.imshow(spread.classes[index], cmap="bone_r", vmin=0, vmax=1, aspect="auto")
        if members <= 8:
            for (row, column), value in np.ndenumerate(spread.classes[index]):
                place.text(
                    column,
                    row,
                    f"{value:.2f}",
                    ha="center",
                    va="center",
                    fontsize=TEXT_SIZE - 1.5,
                    color=ink(shown.cmap(shown.norm(value))),
                )
        place.set_xticks(range(members), names, fontsize=TEXT_SIZE - 1)
        place.set_yticks(range(members), names, fontsize=TEXT_SIZE - 1)
        place.set_title(shorten(class_label(spec, index + 1), 26), fontsize=TEXT_SIZE, loc="left")
    return figure


def most_disputed(
    spread: MemberSpread, readers: Sequence[MapReader], picture: Lookup, truth: Lookup, most: int = 4
) -> Sheet:
    """Show the pairs that two runs see most differently, with the maps of both.

    Args:
        spread: as `member_spread` gives it.
        readers: of the same runs.
        picture: gives an image's (H, W) uint8 by its name.
        truth: gives its true (H, W) bits.
        most: rows in all.

    Example:
        `most_disputed(spread, readers, job.train_pictures.picture, job.masks.__getitem__)` shows four.
    """
    title = "The most disputed pairs"
    if spread.pairs.empty:
        return nothing(title, ALONE)
    spec = readers[0].spec
    places = [{name: row for row, name in enumerate(reader.names)} for reader in readers]
    rows = []
    for pair in spread.pairs.head(most).itertuples():
        maps = [
            readers[which].full(places[which][pair.ImageId])[pair.ClassId - 1]
            for which in (pair.first, pair.second)
        ]
        runs = f"{spread.runs[pair.first]} and {spread.runs[pair.second]}"
        rows.append(
            Row(
                f"{class_label(spec, pair.ClassId)}, {pair.ImageId}: {pair.spread:.2f} apart\n{runs}",
                pair.ClassId,
                picture(pair.ImageId),
                truth(pair.ImageId),
                tuple(maps),
            )
        )
    return side_by_side(
        rows,
        spec,
        title,
        "Of each pair the maps of the two runs that differ most, the first named on the left, with the truth "
        "as a line. Of a long picture the part is shown where they differ most.",
        ("map of the first", "map of the second"),
    )
