"""How much the train pictures look like the test set."""

import numpy as np
from sklearn.metrics import roc_curve

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.data.images import Pictures
from severstal.data.likeness import Likeness
from severstal.report.overlay import Panel, gallery
from severstal.report.palette import COLOURS, GREY, TEXT_SIZE, WIDTH, Sheet, dress, sheet

BINS = np.linspace(0, 1, 26)


def likeness_figure(likeness: Likeness) -> Sheet:
    """Show the likeness of train and test pictures to the test set, and how well it tells them apart.

    Args:
        likeness: what the classifier of train against test found.

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
        WIDTH,
        3.0,
        "Do the train pictures look like the test set?",
        "A classifier tells test from train pictures by brightness, black bands and texture; each picture is "
        "judged by one that never saw it. Area under the curve (AUC) 0.5 is chance: the sets look alike. "
        "The nearer it is to 1, the less a random fold says about the test set.",
        columns=2,
        width_ratios=(1.7, 1),
    )
    left.hist(
        parts,
        BINS,
        weights=[np.full(len(part), 100 / max(1, len(part))) for part in parts],
        label=[f"train ({len(parts[0]):,})", f"test ({len(parts[1]):,})"],
        color=[GREY, COLOURS[0]],
        edgecolor="white",
        linewidth=0.5,
    )
    dress(left, x="likeness to the test set (0 to 1)", y="pictures of the set (%)", grid="y")
    left.legend(fontsize=TEXT_SIZE, frameon=False)
    false, true, _ = roc_curve(table["test"], table["likeness"])
    right.plot(100 * false, 100 * true, color=COLOURS[6], linewidth=2, label="classifier")
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
        likeness: what the classifier of train against test found.
        pictures: holds the train pictures.
        masks: of the train pictures.
        spec: names the classes.
        rows: pictures of either kind, fewer where there are not that many.

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
    ranked = likeness.of_train().sort_values(kind="stable")
    rows = min(rows, len(ranked) // 2)
    panels: list[Panel | None] = []
    for low, high in zip(ranked.index[:rows], ranked.index[::-1][:rows], strict=True):
        for word, name in (("least", low), ("most", high)):
            caption = f"{word}: {ranked[name]:.2f} {name}"
            panels.append(Panel(pictures.picture(name), masks[name], caption))
    title = "The train pictures least and most like the test set"
    note = "The number is the likeness, 0 to 1. Contours are the labels, which the classifier does not see."
    return gallery(panels, spec, title, note, columns=2)
