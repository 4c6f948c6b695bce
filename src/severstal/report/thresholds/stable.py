"""How much each class's rule hangs on the images that happened to be labelled, as maps."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from severstal.competition.spec import Spec
from severstal.decision.search import SearchResult
from severstal.decision.stability import NEAR_BEST, STABILITY_RESAMPLES, stability
from severstal.decision.summary import Summary
from severstal.evaluation.labels import class_label
from severstal.report.palette import TEXT_SIZE, WIDTH, Sheet, dress, legend_below, sheet
from severstal.report.thresholds.landscapes import LOOKS, SCALE, draw_map, label_areas, mark, shown_areas

STEEP = 10  # the fall, in units of what counts as near, from which all falls have one colour


def stability_maps(
    summary: Summary,
    result: SearchResult,
    spec: Spec,
    groups: np.ndarray | None = None,
    resamples: int = STABILITY_RESAMPLES,
) -> Sheet:
    """Show for each class which rules stay among the best when other images are drawn, and where it is steep.

    Args:
        summary: that was searched.
        result: of the search.
        spec: names the classes.
        groups: (N,) group of each image; images of a group are drawn together.
        resamples: how many.

    Returns:
        A row a class, high threshold over minimum area, at the gate and the low threshold of its rule: left
        the share of the resamples in which a rule is among the best, right what a step off costs.
    """
    figure, axes = sheet(
        WIDTH,
        0.75 + 1.85 * len(spec.classes),
        "Which rules would other images have chosen?",
        f"Left: of {resamples} sets of images drawn anew from these, the share in which a rule scores within "
        f"{NEAR_BEST:g} of the set's best. Right: what the mean Dice loses if a step of either value goes "
        "wrong. Bright is safe in both; gate and low threshold stay as chosen.",
        rows=len(spec.classes),
        columns=2,
    )
    for index, (search, (left, right)) in enumerate(zip(result.classes, axes, strict=True)):
        found = stability(summary, index, search, groups, resamples)
        never = search.rule.draws_nothing(spec)
        columns = shown_areas(found.scores - search.landscape.empty, found.min_areas, spec)
        thresholds, min_areas = np.array(found.thresholds), found.min_areas[columns]
        share, fall = 100 * found.share[:, columns], found.fall[:, columns]
        # A few cliffs fall so deep that beside them all else would look flat.
        for place, values, top, scale, unit in (
            (left, share, share.max(), SCALE, "%"),
            (right, fall, STEEP * NEAR_BEST, f"{SCALE}_r", "Dice"),
        ):
            colours = ScalarMappable(Normalize(0, max(top, 1e-6)), scale)
            draw_map(place, values, colours, thresholds)
            label_areas(place, min_areas)
            dress(place)
            ends = "max" if place is right else "neither"
            bar = figure.colorbar(colours, ax=place, aspect=10, pad=0.02, extend=ends)
            bar.set_label(unit, fontsize=TEXT_SIZE - 1)
            bar.ax.tick_params(labelsize=TEXT_SIZE - 1.5)
            bar.ax.yaxis.set_major_locator(MaxNLocator(3))
            if not never:
                y = np.interp(search.rule.high, thresholds, np.arange(len(thresholds)))
                mark(place, np.interp(search.rule.min_area, min_areas, np.arange(len(columns))), y, "chosen")
        left.set_ylabel("high threshold", fontsize=TEXT_SIZE)
        name = class_label(spec, index + 1)
        if never:
            left.set_title(f"{name}: never drawn", fontsize=TEXT_SIZE, loc="left", pad=3)
            continue
        row = int(np.argmin(np.abs(thresholds - search.rule.high)))
        column = int(np.argmin(np.abs(found.min_areas - search.rule.min_area)))
        said = f"{name}: the rule is among the best in {found.share[row, column]:.0%}"
        left.set_title(said, fontsize=TEXT_SIZE, loc="left", pad=3)
        said = f"a step off costs at most {found.fall[row, column]:.4f}"
        right.set_title(said, fontsize=TEXT_SIZE, loc="left", pad=3)
    for place in axes[-1]:
        place.set_xlabel("minimum area (pixels, logarithmic)", fontsize=TEXT_SIZE)
    legend_below(
        figure,
        [Line2D([], [], linestyle="none", markeredgecolor="black", label="chosen", **LOOKS["chosen"])],
    )
    return figure
