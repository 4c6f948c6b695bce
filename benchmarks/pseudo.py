"""Gain of rounds of pseudo-labels: out of fold, and on the test images where their truth is known.

    python benchmarks/pseudo.py smoke --input input/sample --rounds 2 --seeds 0 1 2

Of each seed a run `runs/pseudo-RECIPE-INPUT-SEED` is trained without rounds, then with one, and so on, which
trains no round twice. Each is compared with the same seed's run without rounds, pair by pair. The intervals
measure the chance of the sample of images; the seeds measure the chance of the training.
"""

import argparse
from dataclasses import replace

from severstal import pipeline
from severstal.competition.scored import ScoredPairs, score_masks
from severstal.competition.tables import read_submission
from severstal.data.pseudo import load_labels
from severstal.evaluation.bootstrap import paired
from severstal.files import read_json
from severstal.recipe import Recipe, load_recipe
from severstal.runs.job import Job
from severstal.runs.opening import open_job


def scores(job: Job) -> dict[str, ScoredPairs]:
    """Train, predict and draw: how each pair scored, out of fold and on the test images."""
    pipeline.record(job)
    trained = pipeline.train(job)
    rules = pipeline.tune_rules(pipeline.summarise_run(job, trained))
    found = {"out of fold": rules.pairs}
    if job.truth is not None:
        masks = pipeline.segment_test(rules, trained).table
        found["test"] = score_masks(masks, job.truth, job.sample.images, job.spec)
    return found


def describe(name: str, pairs: ScoredPairs, without: ScoredPairs) -> str:
    """One line: the score, and what it is above that of the run without rounds."""
    score, gain = pairs.score, paired(pairs.dice, without.dice, pairs.groups)
    dice = "none" if score.dice_on_defects is None else f"{score.dice_on_defects:.4f}"
    return (
        f"  {name}: score {score.score:.4f}, Dice on defects {dice}, "
        f"{gain.mean:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
    )


def describe_labels(job: Job, number: int) -> str:
    """One line: how many test pictures each fold took, and how right their masks are."""
    parts = []
    for fold in range(job.recipe.data.train_folds):
        folder = job.folder / f"fold{fold}" / f"round{number}"
        about = read_json(folder / "pseudo.json")
        text = f"{about['taken']} of {about['pictures']}"
        if job.truth is not None and about["taken"]:
            path = folder / "pseudo.csv"
            names = load_labels(path, job.test_pictures, job.spec).names
            pairs = score_masks(read_submission(path, job.spec), job.truth, names, job.spec)
            text += f" (score {pairs.score.score:.4f})"
        parts.append(text)
    return "  test pictures taken, by fold: " + ", ".join(parts)


def measure(recipe: Recipe, input: str | None, rounds: int) -> None:
    """Print what each number of rounds gives."""
    root = open_job(recipe, input).data.root
    name, without = f"pseudo-{recipe.name}-{root.resolve().name}-{recipe.seed}", None
    for count in range(rounds + 1):
        job = open_job(replace(recipe, pseudo=replace(recipe.pseudo, rounds=count)), root, name)
        found = scores(job)
        without = without or found
        print(f"{name}, {count} rounds")
        if count:
            print(describe_labels(job, count - 1))
        for part, pairs in found.items():
            print(describe(part, pairs, without[part]), flush=True)


def main() -> None:
    """Measure each seed in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", nargs="?", default="smoke", help="its name or TOML file")
    parser.add_argument(
        "--input", help="input folder; by default the downloaded data set, else the synthetic sample"
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    arguments = parser.parse_args()
    recipe = load_recipe(arguments.recipe)
    recipe = replace(recipe, data=replace(recipe.data, fold_seed=recipe.fold_seed))
    for seed in arguments.seeds:
        measure(replace(recipe, seed=seed), arguments.input, arguments.rounds)


if __name__ == "__main__":
    main()
