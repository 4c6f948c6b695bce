"""One map under a threshold and a minimum area that the reader moves."""

from typing import Any

import numpy as np

from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.data.arrays import to_luma
from severstal.decision.reader import Reader
from severstal.decision.rules import ClassRule
from severstal.decision.search import SearchResult
from severstal.evaluation.labels import class_label
from severstal.report.errors.panels import PairRow, side_by_side
from severstal.report.live import Live, plotly_html
from severstal.report.overlay import ImageLookup
from severstal.report.palette import colour

_WIDTH = 400  # pixels of the interactive picture: enough for a notebook, and small
_THRESHOLDS = np.round(np.arange(0.05, 0.96, 0.05), 2)
_AREAS = (0, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


def map_explorer(row: PairRow, rule: ClassRule, spec: Spec) -> Live:
    """Show picture, truth, map and mask; in a running notebook, with sliders of threshold and minimum area.

    Args:
        row: pair with its map and its mask.
        rule: rule of the row's class, at which the sliders begin.
        spec: names the classes.

    Example:
        `map_explorer(row, result.rules.rules[2], job.spec)` is a static figure where Plotly is missing.
    """
    static = side_by_side(
        [row],
        spec,
        "From a map of probabilities to a mask",
        "Picture, truth, the network's map of this class, and the mask that the rule makes of it. The number "
        "at a contour is its ClassId. Of a long picture the part with most wrong pixels is shown.",
    )
    return Live(static, lambda: plotly_html(_figure(row, rule, spec)))


def typical_map(
    pairs: ScoredPairs,
    result: SearchResult,
    reader: Reader,
    picture: ImageLookup,
    truth: ImageLookup,
    mask: ImageLookup,
) -> Live:
    """Show the map of a typical defect that was found, of the class found most often, as `map_explorer` does.

    Where no defect was found, it is the largest one.

    Args:
        pairs: areas of the predicted and the true masks.
        result: result of the search.
        reader: maps of the same images.
        picture: function from an image's name to its pixels, (H, W) uint8.
        truth: function from an image's name to its true (H, W) bitmask.
        mask: function from an image's name to its predicted (H, W) bitmask.

    Example:
        `typical_map(found.pairs, result, maps, job.train_pictures.picture, job.masks.__getitem__, drawn)`
    """
    spec = reader.spec
    found = (pairs.true > 0) & (pairs.predicted > 0)  # (N, C)
    if found.any():
        index = int(found.sum(axis=0).argmax())
        rows = np.flatnonzero(found[:, index])
        row = int(rows[np.argsort(pairs.dice[rows, index])[len(rows) // 2]])
    else:
        row, index = (int(place) for place in np.unravel_index(pairs.true.argmax(), pairs.true.shape))
    name = pairs.images[row]
    plane = reader.full(list(reader.names).index(name))[index]
    caption = f"{class_label(spec, index + 1)} in {name}: Dice {pairs.dice[row, index]:.2f}"
    pair = PairRow(caption, index + 1, picture(name), truth(name), (plane,), mask(name))
    return map_explorer(pair, result.rules.rules[index], spec)


def mask_areas(plane: np.ndarray) -> np.ndarray:
    """The pixels of a map at or above each threshold of the slider.

    Example:
        >>> mask_areas(np.uint8([[0, 255, 128]])).tolist()[::9]
        [2, 2, 1]
    """
    return (plane[None] >= 255 * _THRESHOLDS[:, None, None]).sum(axis=(1, 2))


def _figure(row: PairRow, rule: ClassRule, spec: Spec) -> Any:
    """The figure of Plotly, which is an optional package."""
    from plotly.subplots import make_subplots

    step = max(1, -(-row.picture.shape[1] // _WIDTH))
    plane = row.maps[0]
    areas = mask_areas(plane)
    figure = make_subplots(2, 1, row_heights=[0.45, 0.55], vertical_spacing=0.12)
    figure.add_heatmap(
        z=to_luma(row.picture)[::step, ::step], colorscale="gray", showscale=False, hoverinfo="skip"
    )
    figure.add_contour(
        z=plane[::step, ::step] / 255,
        contours={"start": rule.high, "end": rule.high, "size": 1, "coloring": "none"},
        line={"color": colour(row.class_id), "width": 3},
        hovertemplate="probability %{z:.2f}<extra></extra>",
        showscale=False,
    )
    figure.add_scatter(
        x=_THRESHOLDS,
        y=areas,
        mode="lines+markers",
        line={"color": "black"},
        hovertemplate="at %{x:.2f}: %{y:,} pixels<extra></extra>",
        row=2,
        col=1,
    )
    start = int(np.abs(_THRESHOLDS - rule.high).argmin())
    least = int(np.abs(np.array(_AREAS) - min(rule.min_area, _AREAS[-1])).argmin())
    line = {"type": "line", "xref": "x2", "yref": "y2", "line": {"dash": "dash", "color": "#808080"}}
    figure.update_layout(
        shapes=[
            line | {"x0": _THRESHOLDS[start], "x1": _THRESHOLDS[start], "y0": 0, "y1": int(areas.max()) or 1},
            line | {"x0": 0, "x1": 1, "y0": _AREAS[least], "y1": _AREAS[least]},
        ],
        sliders=[
            {
                "active": start,
                "currentvalue": {"prefix": "threshold "},
                "y": -0.08,
                "steps": [
                    {
                        "label": f"{value:g}",
                        "method": "update",
                        "args": [
                            {"contours.start": value, "contours.end": value},
                            {"shapes[0].x0": value, "shapes[0].x1": value},
                            [1],
                        ],
                    }
                    for value in _THRESHOLDS
                ],
            },
            {
                "active": least,
                "currentvalue": {"prefix": "minimum area "},
                "y": -0.32,
                "steps": [
                    {
                        "label": f"{value:,}",
                        "method": "relayout",
                        "args": [{"shapes[1].y0": value, "shapes[1].y1": value}],
                    }
                    for value in _AREAS
                ],
            },
        ],
        title=f"{class_label(spec, row.class_id)}: a mask is predicted where the curve is above the minimum",
        height=640,
        showlegend=False,
        margin={"t": 50, "l": 60, "r": 20},
    )
    figure.update_yaxes(autorange="reversed", scaleanchor="x", showticklabels=False, row=1, col=1)
    figure.update_xaxes(showticklabels=False, row=1, col=1)
    figure.update_xaxes(title="threshold", row=2, col=1)
    figure.update_yaxes(title="pixels at or above it", row=2, col=1)
    return figure
