"""Likeness of the train pictures to the test set, as figures."""

import numpy as np

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.data.images import Pictures
from severstal.data.likeness import Likeness
from severstal.report.overlay import Panel, gallery
from severstal.report.palette import FIGURE_WIDTH, GREY, TEXT_SIZE, Sheet, dress, sheet

_BINS = np.linspace(0, 1, 26)


def likeness_figure(likeness: Likeness) -> Sheet:
    """Show the distribution of the likeness in both sets, and its ROC curve.

    Args:
        likeness: likeness from a classifier of train against test.

    Example:
        >>> import pandas as pd
        >>> columns = {"ImageId": ["a", "b", "c"], "likeness": [0.2, 0.4, 0.3], "test": [False, False, True]}
        >>> figure = likeness_figure(Likeness(pd.DataFrame(columns)))
        >>> figure.axes[1].get_title()
        'AUC 0.50'
    """
    table = likeness.table
    parts = table.loc[~table["test"], "likeness"], table.loc[table["test"], "likeness"]
    figure, ((left, right),) = sheet(
        FIGURE_WIDTH,
        3.0,
        "Do the train pictures look like the test set?",
        "A classifier of test against train pictures by brightness, black bands and texture, applied to "
        "held-out pictures. An area under the curve (AUC) of 0.5 is chance: the sets look alike. The "
        "closer to 1, the less representative a random fold is of the test set.",
        columns=2,
        width_ratios=(1.7, 1),
    )
    left.hist(
        parts,
        _BINS,
        weights=[np.full(len(part), 100 / max(1, len(part))) for part in parts],
        label=[f"train ({len(parts[0]):,})", f"test ({len(parts[1]):,})"],
        color=[GREY, "black"],
        edgecolor="white",
        linewidth=0.5,
    )
    dress(left, x="likeness to the test set (0 to 1)", y="pictures of the set (%)", grid="y")
    left.legend(fontsize=TEXT_SIZE, frameon=False)
    false, true = likeness.roc()
    right.plot(100 * false, 100 * true, color="black", linewidth=2, label="classifier")
    right.plot((0, 100), (0, 100), color=GREY, linestyle="--", linewidth=1, label="chance")
    dress(right, x="train taken for test (%)", y="test recognised (%)", grid="both")
    right.set_title(f"AUC {likeness.auc:.2f}", fontsize=TEXT_SIZE + 1)
    right.set_aspect("equal")
    right.legend(fontsize=TEXT_SIZE, frameon=False, loc="lower right")
    return figure


def likeness_gallery(
    likeness: Likeness, pictures: Pictures, masks: Masks, spec: Spec, rows: int = 4
) -> Sheet:
    """Show the train pictures least like the test set on the left, those most like it on the right.

    Args:
        likeness: likeness from a classifier of train against test.
        pictures: the train pictures.
        masks: masks of the train pictures.
        spec: names the classes.
        rows: maximum number of pictures on either side.

    Example:
        >>> from types import SimpleNamespace
        >>> import pandas as pd
        >>> from severstal.competition.spec import SEVERSTAL
        >>> columns = {"ImageId": ["a", "b", "c"], "likeness": [0.2, 0.4, 0.3], "test": [False, False, True]}
        >>> store = SimpleNamespace(picture=lambda name: np.zeros((256, 1600), np.uint8))
        >>> labels = pd.DataFrame(columns=["ImageId", "ClassId", "EncodedPixels"])
        >>> found = Likeness(pd.DataFrame(columns))
        >>> figure = likeness_gallery(found, store, Masks(labels, SEVERSTAL), SEVERSTAL)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['least: 0.20 a', 'most: 0.40 b']
    """
    least, most = likeness.extremes(rows)
    panels: list[Panel | None] = []
    for low, high in zip(least.items(), most.items(), strict=True):
        for word, (name, value) in (("least", low), ("most", high)):
            caption = f"{word}: {value:.2f} {name}"
            panels.append(Panel(pictures.picture(name), masks[name], caption))
    title = "The train pictures least and most like the test set"
    note = "The number is the likeness, 0 to 1. Contours are the labels, which the classifier does not use."
    figure = gallery(panels, spec, title, note, columns=2)
    figure.photographic = True
    return figure
