"""The whole job, stage by stage: from the input folder to a submission and its scorecard.

Each stage is a function of the job. It is skipped when its output is there and its inputs are unchanged, and
it can be killed at any instant and called again. The notebooks and the command line call the same functions.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from severstal.competition.metric import Score, score_tables
from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.competition.submission import write_submission
from severstal.competition.tables import read_submission
from severstal.data import duplicates, likeness
from severstal.data import folds as fold_tables
from severstal.data.dataset import unpack
from severstal.data.duplicates import load_pairs, save_pairs
from severstal.data.features import picture_features
from severstal.data.likeness import FEWEST, Likeness, most_test_like
from severstal.decision.rules import Rules, apply
from severstal.decision.search import SearchResult, score_rules, search_rules
from severstal.decision.summary import Summary, summarise
from severstal.errors import SeverstalError
from severstal.files import checksum, read_json, replacing
from severstal.inference.maps import MapReader
from severstal.inference.predict import Prediction, predict_maps
from severstal.job import Job, open_job
from severstal.progress import progress
from severstal.recipe import Recipe
from severstal.report.duplicates import describe_duplicates, pair_gallery
from severstal.report.folds import counts
from severstal.report.scorecard import print_scorecard, save_scorecard
from severstal.stages import Stage
from severstal.training.device import make_accelerator
from severstal.training.fit import FoldData, fit
from severstal.training.history import load_history
from severstal.training.network import load_network

SUBMISSION = Path("submissions/submission.csv")


def run(
    recipe: str | Path = "auto",
    input: str | Path | None = None,
    output: str | Path = SUBMISSION,
    name: str | None = None,
) -> dict[str, Score]:
    """Do the whole job.

    Args:
        recipe: its name or TOML file; "auto" is `baseline` with a GPU, else `smoke`.
        input: the input folder; None takes the first of the usual places, or draws the sample.
        output: where the submission goes.
        name: of the run.

    Returns:
        The scores: `oof`, and `test` where the truth of the test images is known.
    """
    job = open_job(recipe, input, name)
    check_input(job)
    make_folds(job)
    train_folds(job)
    predict_oof(job)
    tune_rules(job)
    predict_test(job)
    submit(job, output)
    return make_scorecard(job)


def check_input(job: Job) -> dict[str, int]:
    """Read both tables and decode every picture that the job needs, so that whatever is wrong shows first.

    Returns:
        What was found: `train` and `test` images, `used` of the train images, `masks`, `clean` images.

    Raises:
        SeverstalError: the first fault, with file, row and repair.
    """
    names = job.data.train_names()
    return {
        "train": len(names),
        "clean": len(names) - job.labels["ImageId"].nunique(),
        "masks": len(job.labels),
        "test": len(job.sample.images),
        "used": len(job.train_pictures),
        "decoded": len(job.train_pictures) + len(job.test_pictures),
    }


def find_duplicates(job: Job) -> pd.DataFrame:
    """Find the near-duplicates among the labelled pictures that the recipe uses: `duplicates.csv`.

    Returns:
        A row a pair, see `severstal.data.duplicates.find_duplicates`.
    """
    path = job.folder / "duplicates.csv"
    stage = Stage(job.folder, "duplicates", {"pictures": job.train_pictures.digest})
    if not stage.is_done():
        save_pairs(duplicates.find_duplicates(job.train_pictures), path)
        stage.finish([path])
    return load_pairs(path)


def report_duplicates(
    input: str | Path | None = None, output: str | Path | None = None, pictures: str | Path | None = None
) -> pd.DataFrame:
    """Print the groups of near-duplicates among all labelled pictures, and the pairs labelled differently.

    Args:
        input: the input folder; None takes the first of the usual places, or draws the sample.
        output: where the table of the pairs goes.
        pictures: folder for a picture of each pair, side by side with their labels.

    Returns:
        A row a pair, with what its labels say.
    """
    job = open_job(Recipe(), input)
    pairs = duplicates.find_duplicates(job.train_pictures)
    pairs = duplicates.compare_labels(pairs, job.masks, job.spec)
    print(describe_duplicates(job.images, pairs), flush=True)
    if output is not None:
        save_pairs(pairs, output)
    if pictures is not None:
        for row in progress(range(len(pairs)), "draw pairs", unit="pair"):
            pair = pairs.iloc[[row]]
            first, second = (Path(pair[side].item()).stem for side in ("first", "second"))
            with replacing(Path(pictures) / f"{first}-{second}.png") as part:
                pair_gallery(pair, job.train_pictures, job.masks, job.spec).savefig(part, format="png")
    return pairs


def measure_likeness(job: Job) -> Likeness | None:
    """Measure how much each picture looks like the test set: `likeness.csv`.

    Returns:
        What was found; None where there are too few pictures to tell.
    """
    groups = duplicates.duplicate_groups(job.images, find_duplicates(job))
    if min(len(job.train_pictures), len(job.test_pictures)) < FEWEST:
        return None
    path = job.folder / "likeness.csv"
    inputs = {
        "train": job.train_pictures.digest,
        "test": job.test_pictures.digest,
        "groups": groups.tolist(),
        "seed": job.recipe.seed,
    }
    stage = Stage(job.folder, "likeness", inputs)
    if not stage.is_done():
        features = picture_features(job.train_pictures), picture_features(job.test_pictures)
        likeness.measure_likeness(*features, groups, job.recipe.seed).save(path)
        stage.finish([path])
    return Likeness.load(path)


def make_folds(job: Job) -> pd.DataFrame:
    """Deal the labelled images into folds: `folds.csv`, with its checksum and counts in `folds.json`.

    Near-duplicates stay together; each fold has its share of every combination of classes.

    Returns:
        A row an image: `ImageId`, `fold`, `group` (of near-duplicates); and, where there are pictures enough,
        `likeness` to the test set (0 to 1) and `test_like` (bool), true for the fifth of the images most
        like it.

    Raises:
        SeverstalError: `folds.csv` was changed by hand.
    """
    check_input(job)  # before anything of an earlier run is replaced
    job.record()
    count, seed = job.recipe.data.folds, job.recipe.seed
    pairs, found = find_duplicates(job), measure_likeness(job)
    path = job.folder / "folds.csv"
    inputs = {"labels": job.labels_digest, "folds": count, "seed": seed}
    for name in ("duplicates", "likeness"):
        inputs[name] = checksum(job.folder / f"{name}.csv") if name == "duplicates" or found else None
    stage = Stage(job.folder, "folds", inputs)
    if stage.is_done():
        return fold_tables.load_folds(path)
    if stage.record.is_file() and read_json(stage.record).get("key") == stage.key and path.is_file():
        fold_tables.load_folds(path)  # dealt before: says so where a hand has changed it since
    groups = duplicates.duplicate_groups(job.images, pairs)
    folds = fold_tables.make_folds(job.images, job.masks.presence(job.images), count, seed, groups)
    about = {"seed": seed, "groups": groups.nunique(), "duplicate_pairs": len(pairs)}
    line = f"folds: {len(folds):,} images, {len(pairs):,} pairs of near-duplicates kept together"
    if found:
        of_train = found.of_train()
        chosen = most_test_like(of_train, groups)
        folds = folds.assign(
            likeness=folds["ImageId"].map(of_train), test_like=folds["ImageId"].map(chosen).astype(bool)
        )
        about["auc"] = round(found.auc, 4)
        line += f"; train and test told apart with AUC {found.auc:.2f} (chance: 0.50)"
    about["counts"] = {str(fold): row.to_dict() for fold, row in counts(folds, job.labels, job.spec).items()}
    fold_tables.save_folds(folds, path, about)
    stage.finish([path, path.with_suffix(".json")])
    print(line, flush=True)
    return fold_tables.load_folds(path)


def train_folds(job: Job) -> dict[int, list[dict[str, Any]]]:
    """Train the recipe's folds one after the other: `fold0/model.safetensors` and so on.

    Returns:
        The history of each fold, a dictionary an epoch.
    """
    folds = make_folds(job)
    return {fold: _train_fold(job, folds, fold) for fold in range(job.recipe.data.train_folds)}


def predict_oof(job: Job) -> MapReader:
    """Predict each labelled image with the network that never saw it: `oof/`.

    Images of folds that the recipe does not train have no map.
    """
    folds = make_folds(job)
    fold_of = dict(zip(folds["ImageId"], folds["fold"], strict=True))
    names = [name for name in job.images if fold_of[name] < job.recipe.data.train_folds]
    stage = _prediction_stage(job, "oof", job.train_pictures.digest)
    return _predict(job, stage, names, lambda name: [fold_of[name]])


def tune_rules(job: Job) -> tuple[Summary, SearchResult]:
    """Search each class's threshold and minimum area on the out-of-fold maps: `rules.json`.

    Returns:
        The summary that the search needs of the maps, and what it found.
    """
    maps = predict_oof(job)
    path, kept = job.folder / "rules.json", job.folder / "oof" / "summary.npz"
    stage = Stage(
        job.folder, "rules", {"maps": checksum(maps.folder / "maps.json"), "labels": job.labels_digest}
    )
    if stage.is_done():
        summary = Summary.load(kept)
        return summary, search_rules(summary)
    summary = summarise(maps, job.masks, job.spec)
    result = search_rules(summary)
    summary.save(kept)
    result.rules.save(path)
    stage.finish([path, kept])
    for note in result.notes:
        print(note, flush=True)
    return summary, result


def predict_test(job: Job) -> MapReader:
    """Predict the test images, averaged over the networks of all folds: `test/`."""
    stage = _prediction_stage(job, "test", job.test_pictures.digest)
    everyone = range(job.recipe.data.train_folds)
    return _predict(job, stage, job.sample.images, lambda name: everyone)


def submit(job: Job, output: str | Path = SUBMISSION) -> pd.DataFrame:
    """Turn test maps into masks and masks into a submission: `submission.csv`, and a copy at `output`.

    Returns:
        The tidy table of predicted masks.
    """
    maps, _ = predict_test(job), tune_rules(job)
    rules_path, path = job.folder / "rules.json", job.folder / "submission.csv"
    stage = Stage(
        job.folder,
        "submission",
        {
            "maps": checksum(maps.folder / "maps.json"),
            "rules": checksum(rules_path),
            "sample": checksum(job.data.sample_csv),
        },
    )
    if not stage.is_done():
        table = draw_masks(maps, Rules.load(rules_path, job.spec), job.spec)
        write_submission(path, table, job.sample, job.spec)
        stage.finish([path])
    table = read_submission(path, job.spec)
    write_submission(output, table, job.sample, job.spec)
    return table


def draw_masks(maps: MapReader, rules: Rules, spec: Spec) -> pd.DataFrame:
    """Apply rules to maps.

    Returns:
        The tidy table, a row a mask that is not empty.
    """
    rows = []
    for index in progress(range(len(maps)), "draw masks"):
        planes = unpack(apply(maps.full(index), rules, spec), len(spec.classes))
        texts = ((class_id, encode(planes[class_id - 1])) for class_id in spec.class_ids)
        rows += [(maps.names[index], class_id, text) for class_id, text in texts if text]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    return table.astype({"ClassId": "int64"})


def make_scorecard(job: Job, show: bool = True) -> dict[str, Score]:
    """Score the rules on the out-of-fold maps, and the submission where its truth is known: `scorecard.json`.

    Returns:
        `oof`, found and scored on the same maps; `test`, where the input folder holds `test_labels.csv`.
    """
    summary, result = tune_rules(job)
    scores = {"oof": score_rules(summary, result.rules)}
    if job.truth is not None:
        table = read_submission(job.folder / "submission.csv", job.spec)
        scores["test"] = score_tables(table, job.truth, job.sample.images, job.spec)
    save_scorecard(job.folder / "scorecard.json", scores)
    if show:
        titles = {"oof": "out of fold (rules were searched on these maps)", "test": "test images"}
        for part, score in scores.items():
            print(print_scorecard(score, f"{job.folder.name}: {titles[part]}"), flush=True)
    return scores


def _train_fold(job: Job, folds: pd.DataFrame, fold: int) -> list[dict[str, Any]]:
    folder = job.folder / f"fold{fold}"
    outputs = [folder / name for name in ("model.safetensors", "last.safetensors", "history.jsonl")]
    settings = job.recipe.to_dict()
    settings["training"].pop("workers")  # they change nothing but the speed
    weights = Path(job.recipe.model.encoder_weights)
    inputs = {
        "settings": {key: settings[key] for key in ("seed", "data", "model", "loss", "augment", "training")},
        "encoder": checksum(weights) if weights.is_file() else None,
        "pictures": job.train_pictures.digest,
        "labels": job.labels_digest,
        "folds": fold_tables.deal_digest(folds),
        "fold": fold,
    }
    stage = Stage(job.folder, f"train-fold{fold}", inputs)
    if not stage.is_done():
        held_out = folds.loc[folds["fold"] == fold, "ImageId"].tolist()
        train = folds.loc[folds["fold"] != fold, "ImageId"].tolist()
        if count := job.recipe.training.overfit_images:
            train = held_out = _with_defects(job, count)
        data = FoldData(job.train_pictures, job.masks, job.spec, train, held_out)
        fit(data, job.recipe, fold, folder, stage.key)
        stage.finish(outputs)
    return load_history(folder / "history.jsonl")


def _with_defects(job: Job, count: int) -> list[str]:
    defective = set(job.labels["ImageId"])
    names = [name for name in job.images if name in defective][:count]
    if not names:
        raise SeverstalError(
            f"{job.data.train_csv}: no image in use has a defect: there is nothing to overfit"
        )
    return names


def _prediction_stage(job: Job, part: str, pictures: str) -> Stage:
    train_folds(job)
    settings = job.recipe.to_dict()
    settings["inference"].pop("batch_size")
    networks = range(job.recipe.data.train_folds)
    weights = [checksum(job.weights(fold)) for fold in networks]
    inputs = {"weights": weights, "pictures": pictures, "inference": settings["inference"]}
    if part == "oof":
        inputs["folds"] = fold_tables.deal_digest(fold_tables.load_folds(job.folder / "folds.csv"))
    return Stage(job.folder, part, inputs)


def _predict(
    job: Job, stage: Stage, names: Sequence[str], members: Callable[[str], Sequence[int]]
) -> MapReader:
    folder = job.folder / stage.name
    if not stage.is_done():
        weights = {fold: job.weights(fold) for fold in range(job.recipe.data.train_folds)}
        networks = {fold: load_network(job.recipe, job.spec, path) for fold, path in weights.items()}
        accelerator = make_accelerator(job.recipe.training.precision)
        pictures = job.train_pictures if stage.name == "oof" else job.test_pictures
        origin = {key: stage.inputs[key] for key in ("pictures", "folds") if key in stage.inputs}
        prediction = Prediction(job.recipe, networks, members, folder, stage.key, accelerator, origin)
        predict_maps([prediction], pictures, names, job.spec)
        stage.finish(sorted(folder.glob("maps*")) + sorted(folder.glob("classes*")))
    return MapReader(folder)
