"""Results on four data sets: the plain recipe, three networks and their ensemble, out of fold.

    python benchmarks/real.py                                       # all sets, all rows: a night on two cores
    python benchmarks/real.py --sets neu_seg --rows plain one       # some of them
    python benchmarks/real.py --read                                # the table of what is trained

The sets are those of `../shared/data` beside the checkout (`--data`), and the synthetic sample. The rows:

- `plain`: the plain recipe of segmentation-models-pytorch, with encoder, weights and crops of `one`;
- `one`, `deeplab`, `unet`: the members of the recipe `laptop_ensemble`, the first of which is `laptop`;
- `transposed`: `one` with another seed and with `augment.transpose`;
- `ensemble`: the mean of the members, or of the rows that `ENSEMBLES` names.

A row is a run, `runs/real-SET-ROW`. A finished run is scored, an interrupted one resumes, and a missing one
is trained by its recipe with the settings that the images of the set need (`SETS`). All rows of a set have
the same folds. Delete a folder to train its row again; start one process per row to train several at once.

Printed for each row, on held-out images: the score with the threshold 0.5 and with rules searched on other
folds (cross-fitted); with these rules, the mean Dice on defects and the foreground mIoU, pooled over all
pixels and averaged over the classes; 95 % intervals by groups of near-duplicates; the paired difference of
the score to the plain recipe; minutes of training, machine and commit. The submission for the test images is
written to `benchmarks/submissions/SET-ROW.csv`.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from severstal.competition.scored import ScoredPairs
from severstal.decision.rules import plain_rules
from severstal.decision.score import pair_areas
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import group_counts, interval, paired
from severstal.experiments.evaluation import defect_interval
from severstal.files import read_json, write_text
from severstal.pipeline import find_rules, record, segment_test, train
from severstal.recipe import Recipe, load_recipe
from severstal.recipe.switches import change
from severstal.runs.combining import open_recipe, open_runs
from severstal.runs.ensemble import RunOrEnsemble
from severstal.synthetic import draw_sample

RESAMPLES, ENDS = 2000, (0.025, 0.975)  # of the interval of mIoU, as for the others
DATA = Path(__file__).parents[1] / "../shared/data"
SUBMISSIONS = Path(__file__).parent / "submissions"
TABLE = Path("runs/real.md")

SMALL = {
    "data.train_folds": 1,
    "data.scale": 1,
    "inference.map_scale": 1,
    "augment.crop": (192, 192),
    "augment.multi_scale": 0.25,
    "augment.cyclic_shift": 0.0,
}
SETS: dict[str, dict[str, Any]] = {
    "sample": {"data.train_folds": 1},
    "severstal": {
        "augment.crop": (256, 384),
        "training.epochs": 4,
        "training.epoch_images": 1200,
    },
    "magnetic_tile": {  # five folds: a class stands on a few tiles, and one fold holds hardly two of them
        **SMALL,
        "data.train_folds": 5,
        "training.epochs": 3,
        "data.mean": 0.4,
        "data.std": 0.2,
        "sampling.hard_negatives": 0.15,
        "augment.non_empty": 0.85,
        "augment.copy_paste": 0.3,
        "loss.masks": {"bce": 0.5, "dice": 0.5},
    },
    "neu_seg": {
        **SMALL,
        "data.train_folds": 2,
        "data.mean": 0.51,
        "data.std": 0.2,
        "sampling.balance": "none",
        "augment.non_empty": 0.5,
        "augment.black_aware": False,
        "augment.blackout": 0.0,
    },
}
"""Recipe settings that the pictures of each data set need."""

MEMBER_SETTINGS: dict[tuple[str, str], dict[str, Any]] = {
    # Whole images at half the scale: breaks, frays and uneven tiles are told by the whole tile.
    ("magnetic_tile", "deeplab"): {"data.scale": 2, "inference.map_scale": 2, "augment.crop": (128, 256)},
}
"""What one member has otherwise than the others on a data set."""

MEMBERS = ("one", "deeplab", "unet")  # of the recipe `laptop_ensemble`, in its order
ENSEMBLES = {"magnetic_tile": ("one", "transposed")}  # where others than the members are averaged
ROWS = ("plain", *MEMBERS, "transposed", "ensemble")
SHARED = ("encoder_name", "encoder_weights")  # that the plain recipe takes from the row `one`


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        data: name of the set.
        row: of `ROWS`.
        plain: each held-out pair at plain 0.5.
        fitted: each held-out pair under rules searched without its fold.
        crops: seen in training, over all networks.
        minutes: of training, over all networks.
        commit: at which it was trained.
        machine: CPU cores, or the GPU.
    """

    data: str
    row: str
    plain: ScoredPairs
    fitted: ScoredPairs
    crops: int
    minutes: float
    commit: str
    machine: str


def recipe_of(data: str, row: str) -> Recipe:
    """The recipe of a row on a set, of one network."""
    name = f"real-{data}-{row}"
    if row == "plain":
        recipe, one = load_recipe("plain_smp"), recipe_of(data, "one")
        values = {f"model.{name}": getattr(one.model, name) for name in SHARED}
        values |= {
            "data.folds": one.data.folds,
            "data.train_folds": one.data.train_folds,
            "data.fold_seed": one.fold_seed,
            "data.scale": one.data.scale,
            "data.mean": one.data.mean,
            "data.std": one.data.std,
            "augment.crop": one.augment.crop,
            "training.epochs": one.training.epochs,
            "training.epoch_images": one.training.epoch_images,
            "inference.map_scale": one.inference.map_scale,
            "inference.weights": "last",
        }
        return replace(change(recipe, values), name=name)
    if row == "transposed":
        return replace(change(recipe_of(data, "one"), {"augment.transpose": 0.5}), name=name, seed=4)
    member = load_recipe("laptop_ensemble").members[MEMBERS.index(row)]
    return replace(change(member, SETS[data] | MEMBER_SETTINGS.get((data, row), {})), name=name)


def open_row(data: str, row: str, root: Path, read: bool) -> RunOrEnsemble | None:
    """The run or ensemble of a row, as it is on disk, or new; None where there is none and `read` is set."""
    folder = Path("runs") / f"real-{data}-{row}"
    if row == "ensemble":
        members = [open_row(data, member, root, read) for member in ENSEMBLES.get(data, MEMBERS)]
        if read and None in members:
            return None
        for member in members:
            record(member)
            train(member)
        return open_runs([member.folder for member in members], name=folder.name)
    if (folder / "recipe.toml").is_file():
        return open_runs([folder])
    return None if read else open_recipe(recipe_of(data, row), root, folder.name)


def measure(data: str, row: str, run: RunOrEnsemble, read: bool) -> Row:
    """Train what is missing, predict, search the rules, write the submission, and read the figures."""
    if not read:
        record(run)
        train(run)
    trained, found = find_rules(run)
    fitted, summary = found.pairs, found.summarised.summary
    areas = pair_areas(summary, plain_rules(run.spec))
    plain = ScoredPairs(summary.names, run.spec, *areas, fitted.groups, fitted.folds)
    segment_test(found, trained)
    write_text(SUBMISSIONS / f"{data}-{row}.csv", run.files.submission.read_text(encoding="utf-8"))
    epochs = [epoch for each in trained for history in each.histories.values() for epoch in history]
    about = read_json(trained[0].job.files.environment)
    machine = about["device"] if about["device"] != "cpu" else f"{about['cpus']} cores"
    return Row(
        data,
        row,
        plain,
        fitted,
        sum(epoch["pictures"] for epoch in epochs),
        sum(epoch["seconds"] for epoch in epochs) / 60,
        (about["commit"] or "")[:7],
        machine,
    )


def foreground_miou(pairs: ScoredPairs) -> tuple[float, float, float]:
    """IoU pooled over all pixels, the mean over the classes, with the ends of its 95 % interval by groups."""
    union = pairs.predicted + pairs.true - pairs.intersection  # (N, C)
    counts = group_counts(pairs.groups, RESAMPLES)
    with np.errstate(invalid="ignore"):
        drawn = (counts @ pairs.intersection) / (counts @ union)  # (resamples, C)
        value = np.nanmean(pairs.intersection.sum(0) / union.sum(0))
    low, high = np.quantile(np.nanmean(drawn, 1), ENDS)
    return float(value), float(low), float(high)


def format_rows(rows: list[Row]) -> str:
    """The rows as a table in Markdown."""
    head = (
        "set", "row", "pictures", "all-empty", "score at 0.5", "score, cross-fitted", "to plain",
        "Dice on defects", "foreground mIoU", "crops seen", "minutes", "machine", "commit",
    )  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    base = {row.data: row for row in rows if row.row == "plain"}
    for row in rows:
        plain, fitted = (interval(pairs.dice, pairs.groups) for pairs in (row.plain, row.fitted))
        defects, miou = defect_interval(row.fitted), foreground_miou(row.fitted)
        gain = "not trained"
        if row.row == "plain":
            gain = "-"
        elif row.data in base:
            before = base[row.data].plain
            if before.images == row.fitted.images:
                found = paired(row.fitted.dice, before.dice, before.groups)
                gain = f"{found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
        cells = (
            row.data,
            row.row,
            str(len(row.fitted)),
            f"{row.fitted.score.all_empty:.4f}",
            f"{plain.mean:.4f} ({plain.low:.4f} to {plain.high:.4f})",
            f"{fitted.mean:.4f} ({fitted.low:.4f} to {fitted.high:.4f})",
            gain,
            "-" if defects is None else f"{defects.mean:.3f} ({defects.low:.3f} to {defects.high:.3f})",
            f"{miou[0]:.3f} ({miou[1]:.3f} to {miou[2]:.3f})",
            f"{row.crops:,}",
            f"{row.minutes:.0f}",
            row.machine,
            row.commit,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Go through sets and rows, print and write the table after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--read", action="store_true", help="score what is trained; train nothing")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for data in arguments.sets:
        root = Path("input/sample") if data == "sample" else arguments.data / data
        if data == "sample" and not root.is_dir() and not arguments.read:
            draw_sample(root)
        if not root.is_dir():
            print(f"{data}: skipped, {root} is not there", flush=True)
            continue
        for row in arguments.rows:
            try:
                run = open_row(data, row, root, arguments.read)
                if run is None:
                    print(f"{data}, {row}: not trained", flush=True)
                    continue
                rows.append(measure(data, row, run, arguments.read))
            except SeverstalError as error:
                print(f"{data}, {row}: {error}", flush=True)
                continue
            write_text(TABLE, format_rows(rows))
    print(format_rows(rows), f"{TABLE}", sep="\n")


if __name__ == "__main__":
    main()
