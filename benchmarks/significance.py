"""Share of classes of pure noise that are drawn, and loss of real classes by the test that prevents it.

    python benchmarks/significance.py [--trials N] [--fresh N]

The search tries millions of rules, and where the maps are independent of the truth, the best of them still
gains on the images that it was searched on. Part one searches the default grid on such classes, with few and
many images and defects, and prints the share that is drawn, for several numbers of standard errors that a
gain must exceed; `severstal.decision.choice.SIGNIFICANT` is the number in use.

Part two searches classes whose maps are as good as a trained network's, and judges each rule on fresh images:
what the score of a class loses where the test leaves it out although it would have gained, and what it wins
where the rule would have lost.
"""

import argparse

import numpy as np
from search import DEFECTS, IMAGES, make_summary

from severstal.competition.spec import Spec
from severstal.decision.choice import SIGNIFICANT, flattest_rule, significance
from severstal.decision.pairs import NOT_DRAWN
from severstal.decision.rules import ClassRule, Rules
from severstal.decision.score import score_rules
from severstal.decision.search import SearchSettings, class_pairs, minimum_areas
from severstal.decision.summary import Summary
from severstal.decision.survey import Grid, survey

SPEC = Spec("noise", (256, 1600), ("noise",))
ERRORS = (1.0, 1.5, 2.0, 2.5, 3.0)
NOISE = ((200, 0.03), (200, 0.15), (200, 0.4), (1000, 0.03), (1000, 0.15), (1000, 0.4))
REAL = (100, 200, 500, 1000)


def noise_summary(images: int, share: float, lucky: bool, seed: int) -> Summary:
    """Maps of one class that are independent of the truth.

    Args:
        images: how many.
        share: of them with a defect.
        lucky: masks and maps meet in up to all of their pixels, in place of as many as chance makes meet.
        seed: of the sample.
    """
    random = np.random.default_rng(seed)
    levels = np.arange(256)
    peak = random.normal(60, 90, images).clip(0, 255)
    size = np.exp(random.normal(7, 1.3, images)).clip(1, SPEC.pixels / 4)
    fall = (1 - levels / np.maximum(peak, 1)[:, None]).clip(0) ** (
        1 / random.uniform(0.5, 4, images)[:, None]
    )
    areas = (size[:, None] * fall * (1 + 2 * (1 - levels / 255))).astype(np.int32)
    areas[:, 0] = SPEC.pixels
    defect = random.permutation(images) < max(5, round(share * images))
    true = np.where(defect, np.exp(random.normal(8, 1.3, images)).clip(100, SPEC.pixels / 4), 0).astype(
        np.int32
    )
    shared = random.uniform(0, 1, images) if lucky else random.uniform(0, 4, images) * true / SPEC.pixels
    inside = (np.minimum(areas, true[:, None]) * shared.clip(0, 1)[:, None]).astype(np.int32)
    inside[:, 0] = true
    probability = random.integers(0, 256, (images, 1)).astype(np.uint8)
    names = tuple(map(str, range(images)))
    return Summary(names, SPEC, areas[:, None], inside[:, None], true[:, None], probability)


def find(summary: Summary, index: int = 0) -> tuple[ClassRule | None, float]:
    """The rule of a class that is found where it is drawn at all, and its gain in standard errors."""
    settings, count = SearchSettings(), len(summary)
    pairs = class_pairs(summary, index, np.full(count, 1 / count), settings.thresholds[0])
    landscape = survey(pairs, Grid(settings.gates, settings.thresholds, minimum_areas(summary.pixels)))
    if (pairs.defects.reach(settings.gates[0], settings.thresholds) == NOT_DRAWN).all():
        return None, 0.0
    rule = flattest_rule(pairs, landscape)
    return rule, significance(pairs, rule)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--trials", type=int, default=40, help="classes of each kind")
    parser.add_argument("--fresh", type=int, default=4000, help="images that rules are judged on")
    options = parser.parse_args()

    head = "".join(f"{errors:>8g}" for errors in ERRORS)
    print(f"share of noise classes drawn, {options.trials} of each kind, by the standard errors asked for")
    print(f"{'images':>8}{'defects':>9}{'overlap':>9}{head}   (in use: {SIGNIFICANT:g})")
    total = []
    for images, share in NOISE:
        for lucky in (False, True):
            found = [find(noise_summary(images, share, lucky, seed))[1] for seed in range(options.trials)]
            total += found
            rates = "".join(f"{np.mean(np.array(found) > errors):8.1%}" for errors in ERRORS)
            print(f"{images:8,}{share:9.0%}{'lucky' if lucky else 'chance':>9}{rates}", flush=True)
    print(f"{'all':>26}" + "".join(f"{np.mean(np.array(total) > errors):8.1%}" for errors in ERRORS))

    fresh = make_summary(options.fresh, seed=10_000)
    plain = score_rules(fresh, Rules(fresh.spec.classes, (_nothing(fresh.spec),) * len(DEFECTS)))
    print(
        f"\nreal classes: mean gain over the all-empty baseline on {options.fresh:,} fresh images, per class"
    )
    print(f"{'images':>8}{'classes':>9}{head}   share of classes drawn at {SIGNIFICANT:g}")
    for images in REAL:
        gains, errors_of = [], []
        for seed in range(max(2, options.trials // 4)):
            summary = make_summary(images, seed=seed)
            for index, defects in enumerate(DEFECTS):
                if round(defects * images / IMAGES) < 5:  # too few to search on, whatever the test says
                    continue
                rule, errors = find(summary, index)
                rules = [rule or _nothing(fresh.spec)] * len(DEFECTS)
                score = score_rules(fresh, Rules(fresh.spec.classes, tuple(rules))).classes[index]
                gains.append(score.score - plain.classes[index].score)
                errors_of.append(errors)
        gains, errors_of = np.array(gains), np.array(errors_of)
        means = "".join(f"{np.mean(gains * (errors_of > errors)):8.4f}" for errors in ERRORS)
        print(f"{images:8,}{len(gains):9}{means}   {np.mean(errors_of > SIGNIFICANT):.0%}", flush=True)


def _nothing(spec: Spec) -> ClassRule:
    return ClassRule(0.5, 0.5, spec.pixels + 1)


if __name__ == "__main__":
    main()
