"""A figure of the disagreement between the members of an ensemble."""

from collections.abc import Sequence

import numpy as np

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label, truncate
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, dress, empty_sheet, ink, sheet

ONLY_ONE_RUN = "Only one run was given: name others that were made on the same input and folds."


def disagreement_matrices(runs: Sequence[str], matrices: np.ndarray, spec: Spec) -> Sheet:
    """Show the disagreement of every two runs on each class.

    Args:
        runs: names of the M runs.
        matrices: (C, M, M), 0 where two runs are equal, 1 where disjoint, such as `Overlap.disagreement()`.
        spec: names the classes.

    Example:
        >>> matrices = np.array([[[0.0, 0.5], [0.5, 0.0]]])
        >>> figure = disagreement_matrices(("a", "b"), matrices, Spec("tiny", (4, 4), ("hole",)))
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['0.00', '0.50', '0.50', '0.00']
    """
    title = "Disagreement of the runs"
    members, classes = len(runs), len(spec.classes)
    if members < 2:
        return empty_sheet(title, ONLY_ONE_RUN)
    columns = min(4, classes, max(1, 12 // members))
    rows = -(-classes // columns)
    names = [truncate(name, 18) for name in runs]
    square = min((FIGURE_WIDTH - 1.5) / columns, 0.5 + 0.5 * members)  # inches
    figure, axes = sheet(
        FIGURE_WIDTH,
        0.2 + rows * (square + 0.35 + 0.09 * max(map(len, names))),
        title,
        "1 - soft Dice of the maps of two runs over all images: 0 where they are equal, 1 where disjoint. Of "
        "equally good runs, those that disagree more gain more as an ensemble.",
        rows,
        columns,
    )
    for place in axes.flat[classes:]:
        place.remove()
    top = max(float(matrices.max()), 0.01)
    for index, place in enumerate(axes.flat[:classes]):
        drawn = place.imshow(matrices[index], cmap="cividis", vmin=0, vmax=top)
        for (i, j), value in np.ndenumerate(matrices[index]):
            shade = drawn.to_rgba(value)
            place.text(j, i, f"{max(value, 0):.2f}", ha="center", va="center", fontsize=8, color=ink(shade))
        place.set_title(class_label(spec, index + 1), fontsize=TEXT_SIZE, loc="left", pad=3)
        dress(place)
        place.spines[:].set_visible(False)
        place.tick_params(length=0, labelsize=TEXT_SIZE - 1.5)
        place.set_xticks(range(members), names, rotation=90)
        place.set_yticks(range(members), names if index % columns == 0 else [])
    return figure
