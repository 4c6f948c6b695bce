"""The stages that turn networks into probability maps: out of fold, and of the test images."""

from collections.abc import Sequence
from contextlib import ExitStack

from severstal.data.images import Pictures
from severstal.device import choose_precision, make_accelerator
from severstal.files import exclusive_lock
from severstal.inference.maps import MapReader
from severstal.inference.maps.layout import MANIFEST, shard_files
from severstal.inference.predict import PredictionTask, predict_maps
from severstal.models.from_recipe import load_network
from severstal.pipeline.training import Trained
from severstal.runs import inputs
from severstal.runs.inputs import Part
from severstal.runs.job import Job
from severstal.runs.record import Stage


def predict_oof(trained: Sequence[Trained]) -> list[MapReader]:
    """Predict each labelled image with the network that never saw it: `oof/` of each run.

    Images of folds that the recipe does not train have no map. Runs on the same images, in the same
    precision, read each picture once.

    Returns:
        The maps of each run.
    """
    return _predict(trained, "oof")


def predict_test(trained: Sequence[Trained]) -> list[MapReader]:
    """Predict the test images, averaged over the networks of all folds: `test/` of each run."""
    return _predict(trained, "test")


def _predict(trained: Sequence[Trained], part: Part) -> list[MapReader]:
    groups: dict[tuple[str, ...], list[tuple[Trained, Stage]]] = {}  # by what is read
    for each in trained:
        job, stage = each.job, _stage(each, part)
        if not stage.is_done():
            precision = choose_precision(job.recipe.training.precision)  # one at a time: see make_accelerator
            read = (precision, str(job.data.root), _pictures(job, part).digest, *_names(each, part))
            groups.setdefault(read, []).append((each, stage))
    for (_, _, _, *names), group in groups.items():
        first = group[0][0].job
        with ExitStack() as locks:
            for folder in sorted({stage.folder / part for _, stage in group}):  # in one order: no deadlock
                locks.enter_context(exclusive_lock(folder, "another process that predicts this run"))
            predictions = [_prediction(each, stage) for each, stage in group]
            predict_maps(predictions, _pictures(first, part), names, first.spec)
            for _, stage in group:
                folder = stage.folder / part
                # By size alone: the maps' own manifest holds the checksum of each shard.
                stage.finish([folder / MANIFEST, *shard_files(folder)], hashed=False)
    return [MapReader(each.job.folder / part) for each in trained]


def _stage(trained: Trained, part: Part) -> Stage:
    job = trained.job
    stated = inputs.maps(
        job.recipe,
        part,
        weights=list(trained.checksums.values()),
        pictures=_pictures(job, part).digest,
        folds=trained.folds.checksum if part == "oof" else None,
    )
    return Stage(job.folder, part, stated)


def _pictures(job: Job, part: Part) -> Pictures:
    return job.train_pictures if part == "oof" else job.test_pictures


def _names(trained: Trained, part: Part) -> list[str]:
    if part == "test":
        return trained.job.sample.images
    fold_of = trained.folds.fold_of
    return [name for name in trained.job.images if fold_of[name] in trained.checksums]


def _prediction(trained: Trained, stage: Stage) -> PredictionTask:
    job, oof = trained.job, stage.name == "oof"
    networks = {fold: load_network(job.recipe, job.spec, path) for fold, path in trained.weights.items()}
    fold_of = trained.folds.fold_of if oof else {}
    accelerator = make_accelerator(job.recipe.training.precision)
    origin = {key: stage.inputs[key] for key in ("pictures", "folds") if key in stage.inputs}

    def members(name: str) -> Sequence[int]:
        return [fold_of[name]] if oof else list(networks)

    return PredictionTask(
        job.recipe, networks, members, job.folder / stage.name, stage.key, accelerator, origin
    )
