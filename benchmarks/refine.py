"""Gain of each step of the refinement out of fold, on a run's own maps.

    python benchmarks/refine.py runs/smoke-sample

The rules are those of the run, searched without each image's fold; each line adds one step to them and draws
the same maps again. The gain is over the rules without any, pair by pair, with its interval from a bootstrap
over groups of near-duplicates. `seconds` is what drawing all masks took. Widths of the CRF are its own.
"""

import argparse
import time
from dataclasses import replace

from severstal import pipeline
from severstal.competition.scored import score_masks
from severstal.decision.heldout import draw_cross_fitted
from severstal.decision.refine.settings import NO_REFINEMENT, Refinement
from severstal.decision.rules import Rules
from severstal.evaluation.bootstrap import paired
from severstal.runs.combining import open_runs

STEPS = (
    Refinement(opening=1),
    Refinement(opening=3),
    Refinement(closing=1),
    Refinement(closing=3),
    Refinement(closing=8),
    Refinement(smooth_edges=2.0),
    Refinement(smooth_edges=5.0),
    Refinement(crf=1),
    Refinement(crf=5),
)
HOLES = "holes filled"


def changed(rules: Rules, refine: Refinement, fill_holes: bool) -> Rules:
    """The same rules with another refinement."""
    parts = {"refine": refine, "fill_holes": fill_holes}
    return replace(rules, rules=tuple(replace(rule, **parts) for rule in rules.rules))


def main() -> None:
    """Print one line per step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", help="the folder of a run, or those of an ensemble")
    run = open_runs(parser.parse_args().runs)
    _, found = pipeline.find_rules(run)
    maps, fitted = found.oof.maps, found.fitted
    numbers, groups = found.summarised.fold_of, found.summarised.groups
    steps = {"none": (NO_REFINEMENT, False), HOLES: (NO_REFINEMENT, True)}
    steps |= {str(step): (step, False) for step in STEPS}
    without = None
    for name, (refine, holes) in steps.items():
        rules = {fold: changed(each, refine, holes) for fold, each in fitted.rules.items()}
        start = time.perf_counter()
        table = draw_cross_fitted(maps, rules, numbers, run.spec, run.train_pictures)
        seconds = time.perf_counter() - start
        pairs = score_masks(table, run.labels, maps.names, run.spec, groups, numbers)
        without = without or pairs
        gain = paired(pairs.dice, without.dice, pairs.groups)
        print(
            f"{name:36} score {pairs.score.score:.4f}, "
            f"{gain.mean:+.4f} ({gain.low:+.4f} to {gain.high:+.4f}), "
            f"Dice on defects {pairs.score.dice_on_defects:.4f}, {seconds:.1f} seconds",
            flush=True,
        )


if __name__ == "__main__":
    main()
