"""The pairs on which runs disagree most."""

from collections.abc import Sequence

from severstal.decision.reader import Reader
from severstal.evaluation.labels import class_label
from severstal.inference.ensemble.disagreement import RunDisagreement
from severstal.report.disagreement import ONLY_ONE_RUN
from severstal.report.errors.panels import PairRow, side_by_side
from severstal.report.overlay import ImageLookup
from severstal.report.palette import Sheet, empty_sheet


def most_disputed(
    found: RunDisagreement, readers: Sequence[Reader], picture: ImageLookup, truth: ImageLookup, most: int = 4
) -> Sheet:
    """Show the pairs on which two runs disagree most, with the maps of both.

    Args:
        found: disagreement from `measure_disagreement`.
        readers: readers of the same runs.
        picture: function from an image's name to its pixels, (H, W) uint8.
        truth: function from an image's name to its true (H, W) bitmask.
        most: maximum number of rows.

    Example:
        `most_disputed(found, readers, job.train_pictures.picture, job.masks.__getitem__)` shows four.
    """
    title = "The pairs with the largest disagreement"
    if found.pairs.empty:
        return empty_sheet(title, ONLY_ONE_RUN)
    spec = readers[0].spec
    places = [{name: row for row, name in enumerate(reader.names)} for reader in readers]
    rows = []
    for pair in found.pairs.head(most).itertuples():
        maps = [
            readers[which].full(places[which][pair.ImageId])[pair.ClassId - 1]
            for which in (pair.first, pair.second)
        ]
        runs = f"{found.runs[pair.first]} and {found.runs[pair.second]}"
        rows.append(
            PairRow(
                f"{class_label(spec, pair.ClassId)}, {pair.ImageId}: disagreement "
                f"{pair.disagreement:.2f}\n{runs}",
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
        "The maps of the two runs that differ most, in the order of their names, with the outline of the "
        "truth. Of long pictures the part with the largest difference is shown.",
        ("map of the first", "map of the second"),
    )
