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
from severstal.data import folds as fold_tables
from severstal.data.dataset import unpack
from severstal.decision.rules import Rules, apply
from severstal.decision.search import SearchResult, score_rules, search_rules
from severstal.decision.summary import Summary, summarise
from severstal.errors import SeverstalError
from severstal.files import checksum
from severstal.inference.maps import MapReader
from severstal.inference.predict import Prediction, predict_maps
from severstal.job import Job, open_job
from severstal.progress import progress
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


def make_folds(job: Job) -> pd.DataFrame:
    """Deal the labelled images into folds, each with its share of every class: `folds.csv`."""
    check_input(job)  # before anything of an earlier run is replaced
    job.record()
    settings = job.recipe.data
    path = job.folder / "folds.csv"
    inputs = {"labels": job.labels_digest, "folds": settings.folds, "seed": job.recipe.seed}
    stage = Stage(job.folder, "folds", inputs)
    if not stage.is_done():
        presence = job.masks.presence(job.images)
        fold_tables.save_folds(
            fold_tables.make_folds(job.images, presence, settings.folds, job.recipe.seed), path
        )
        stage.finish([path])
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
        "folds": checksum(job.folder / "folds.csv"),
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
        inputs["folds"] = checksum(job.folder / "folds.csv")
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
