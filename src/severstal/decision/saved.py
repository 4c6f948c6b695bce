"""A whole search on disk: cross-fitted rules and the landscapes they were found in, as one .npz.

Nothing is rounded: what is loaded gives the figures of the search itself. The scores of a landscape are kept
as differences along the minimum area, where most neighbours are equal, byte planes apart, and compressed: at
the competition's full size this makes 10 MB of 60.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from severstal.competition.metric import ClassScore, Score
from severstal.competition.spec import Spec
from severstal.decision.crossfit import CrossFit
from severstal.decision.gate import Gate
from severstal.decision.npz import load_npz, save_npz
from severstal.decision.objective import WeightedScore
from severstal.decision.rules import Rules
from severstal.decision.search import ClassSearch, SearchResult
from severstal.decision.survey import Grid, Landscape

SEARCH_EDITION = 1
"""Version of the content of a saved search; part of what a stage that saves one depends on."""

_PAIRS = ("intersection", "predicted", "true")


def save_cross_fit(fitted: CrossFit, path: str | Path) -> None:
    """Write cross-fitted rules with their landscapes, atomically.

    Example:
        `save_cross_fit(fitted, "runs/a/oof/search.npz")`, and later
        `load_cross_fit("runs/a/oof/search.npz", spec)`.
    """
    result = fitted.result
    found = Rules(result.rules.classes, tuple(search.rule for search in result.classes))
    header = {
        "edition": SEARCH_EDITION,
        "rules": {fold: rules.to_json() for fold, rules in fitted.rules.items()},
        "score": asdict(fitted.score),
        "searched": asdict(fitted.searched),
        "plain": asdict(fitted.plain),
        "weighted": fitted.weighted and asdict(fitted.weighted),
        "notes": fitted.notes,
        "result": {
            "rules": result.rules.to_json(),
            "found": asdict(result.found),
            "plain": asdict(result.plain),
            "weighted": result.weighted and asdict(result.weighted),
            "notes": result.notes,
        },
        "class_rules": found.to_json(),
        "classes": [
            {
                "positives": search.positives,
                "empty": search.landscape.empty,
                "gates": [[gate.mode, gate.value] for gate in search.landscape.grid.gates],
                "thresholds": search.landscape.grid.thresholds,
            }
            for search in result.classes
        ],
    }
    arrays = {name: getattr(fitted, name) for name in _PAIRS}
    for index, search in enumerate(result.classes):
        of_class = {
            "grid_areas": search.landscape.grid.min_areas,
            "scores": _pack(search.landscape.scores),
            "draws": search.landscape.draws,
            "best": search.landscape.best,
            "min_areas": search.min_areas,
            "scores_at_rule": search.scores_at_rule,
        }
        arrays |= {f"{name}-{index}": values for name, values in of_class.items()}
    save_npz(path, header, arrays, compressed=True)


def load_cross_fit(path: str | Path, spec: Spec) -> CrossFit:
    """Read what `save_cross_fit` wrote.

    Args:
        path: path of the file.
        spec: classes that the rules must be for.

    Raises:
        SeverstalError: the file is missing, damaged, of an incompatible version or for other classes.
    """

    def read(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> CrossFit:
        classes = Rules.from_json(header["class_rules"], spec)
        searches = tuple(
            _read_class(rule, kept, index, arrays)
            for index, (rule, kept) in enumerate(zip(classes.rules, header["classes"], strict=True))
        )
        result = header["result"]
        return CrossFit(
            rules={int(fold): Rules.from_json(rules, spec) for fold, rules in header["rules"].items()},
            **{name: arrays[name] for name in _PAIRS},
            score=_read_score(header["score"]),
            searched=_read_score(header["searched"]),
            plain=_read_score(header["plain"]),
            weighted=header["weighted"] and WeightedScore(**header["weighted"]),
            result=SearchResult(
                Rules.from_json(result["rules"], spec),
                searches,
                _read_score(result["found"]),
                _read_score(result["plain"]),
                result["weighted"] and WeightedScore(**result["weighted"]),
                result["notes"],
            ),
            notes=header["notes"],
        )

    return load_npz(path, "search of rules", SEARCH_EDITION, read)


def _read_class(
    rule: Any, kept: Mapping[str, Any], index: int, arrays: Mapping[str, np.ndarray]
) -> ClassSearch:
    gates = tuple(Gate(mode, value) for mode, value in kept["gates"])
    grid = Grid(gates, tuple(kept["thresholds"]), arrays[f"grid_areas-{index}"])
    scores = _unpack(arrays[f"scores-{index}"], grid)
    landscape = Landscape(grid, scores, arrays[f"draws-{index}"], arrays[f"best-{index}"], kept["empty"])
    curve = arrays[f"min_areas-{index}"], arrays[f"scores_at_rule-{index}"]
    return ClassSearch(rule, kept["positives"], landscape, *curve)


def _read_score(values: dict[str, Any]) -> Score:
    return Score(**{**values, "classes": tuple(ClassScore(**part) for part in values["classes"])})


def _pack(scores: np.ndarray) -> np.ndarray:
    """The cells of a landscape with low <= high, as differences of bit patterns: (4, G * pairs * M) uint8."""
    high, low = np.tril_indices(scores.shape[1])
    cells = np.ascontiguousarray(scores[:, high, :, low].swapaxes(0, 1))  # (G, pairs, M)
    steps = np.diff(cells.view(np.uint32), axis=-1, prepend=np.uint32(0))  # modulo 2^32
    return np.ascontiguousarray(steps.view(np.uint8).reshape(-1, 4).T)


def _unpack(packed: np.ndarray, grid: Grid) -> np.ndarray:
    """The (G, T, M, T) float32 scores that were packed."""
    gates, steps, areas = len(grid.gates), len(grid.thresholds), len(grid.min_areas)
    high, low = np.tril_indices(steps)
    bits = np.ascontiguousarray(packed.T).view(np.uint32).reshape(gates, len(high), areas)
    cells = bits.cumsum(axis=-1, dtype=np.uint32).view(np.float32)
    scores = np.full((gates, steps, areas, steps), np.nan, np.float32)
    scores[:, high, :, low] = cells.swapaxes(0, 1)
    return scores
