"""The stage between two rounds of a fold: its network pseudo-labels the test pictures."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from severstal.data.duplicates import held_out_copies
from severstal.data.pseudo import PseudoData, judge_pseudo_label, label_rows, load_labels, save_labels
from severstal.device import make_accelerator
from severstal.files import digest, write_json
from severstal.inference.maps import MapReader
from severstal.inference.maps.layout import delete_maps
from severstal.inference.predict import PredictionTask, predict_maps
from severstal.models.from_recipe import load_network
from severstal.pipeline.rounds import Round
from severstal.progress import progress
from severstal.runs import inputs
from severstal.runs.job import Job
from severstal.runs.layout import pseudo_labels_path
from severstal.runs.record import Stage

logger = logging.getLogger("severstal")

_HELD_OUT = "held out"  # in place of a verdict: the picture is also one that the fold is validated on


def label_test(job: Job, fold: int, round: Round, held_out: Sequence[str]) -> PseudoData:
    """Label the test pictures with a fold's network of one round, and take those with confident predictions.

    Writes `pseudo.csv`, one row per mask and one with an empty text for a picture taken as clean, and
    `pseudo.json`, which says how many were taken and why others were not. The maps are deleted at the end:
    of each fold and round they would take as much disk as those of the whole run.

    The network is that of the last epoch, or the average over the last ones where the recipe predicts with
    that: the choice of the best epochs has used the labels of the held-out images. For the same reason
    a round that labels must have been trained without early stopping.

    Args:
        job: job; its `pseudo` and `inference` settings are read.
        fold: number of the fold.
        round: round whose network labels the pictures.
        held_out: names of the labelled pictures that the fold is validated on; a test picture that is
            a near-duplicate of one of these is not taken.

    Returns:
        The pictures that were taken; there may be none.
    """
    folder = round.folder
    name = "swa" if job.recipe.inference.weights == "swa" else "last"
    weights = folder / f"{name}.safetensors"
    table, about, maps = pseudo_labels_path(folder), folder / "pseudo.json", folder / "test"
    stated = inputs.pseudo_labels(
        job.recipe,
        weights=round.stage.checksum(weights),
        pictures=job.test_pictures.digest,
        held_out=digest([job.train_pictures.digest, list(held_out)]),
    )
    stage = Stage(job.folder, f"pseudo-fold{fold}-{folder.name}", stated)
    if not stage.is_done():
        networks = {fold: load_network(job.recipe, job.spec, weights)}
        accelerator = make_accelerator(job.recipe.training.precision)
        part = PredictionTask(job.recipe, networks, lambda name: [fold], maps, stage.key, accelerator)
        [reader] = predict_maps([part], job.test_pictures, job.sample.images, job.spec)
        rows, facts = _choose(job, reader, held_out)
        save_labels(rows, table)
        write_json(about, facts)
        stage.finish([table, about])
        logger.info("fold %d %s: %s", fold, folder.name, describe_pseudo_labels(facts))
    delete_maps(maps)
    return load_labels(table, job.test_pictures, job.spec)


def describe_pseudo_labels(facts: Mapping[str, Any]) -> str:
    """Describe in one line how many pictures were taken and left out, from the contents of `pseudo.json`.

    Example:
        >>> facts = {"pictures": 120, "taken": 57, "clean": 50, "classes": {"hole": 7}}
        >>> describe_pseudo_labels(facts | {"left_out": {"class unsure": 63}})
        '57 of 120 test pictures taken (clean: 50, hole: 7); left out (class unsure: 63)'
    """
    taken = _listed({"clean": facts["clean"], **facts["classes"]})
    line = f"{facts['taken']:,} of {facts['pictures']:,} test pictures taken ({taken})"
    if facts["left_out"]:
        line += f"; left out ({_listed(facts['left_out'])})"
    return line if facts["taken"] else line + "; there is no more to learn: lower pseudo.confidence"


def _choose(
    job: Job, maps: MapReader, held_out: Sequence[str]
) -> tuple[list[tuple[str, int, str]], dict[str, Any]]:
    """Rows of the pictures that are taken, and the counts that are reported; a map at a time."""
    rows: list[tuple[str, int, str]] = []
    left_out, classes, clean = Counter(), np.zeros(len(job.spec.classes), int), 0
    copied = held_out_copies(job.test_pictures, job.train_pictures, held_out)
    for index, name in enumerate(progress(maps.names, "choose pictures")):
        verdict, masks = judge_pseudo_label(
            maps.full(index), maps.class_probability[index], job.recipe.pseudo
        )
        if verdict == "taken" and name in copied:
            verdict = _HELD_OUT
        if verdict != "taken":
            left_out[verdict] += 1
            continue
        rows += label_rows(name, masks)
        present = masks.any((1, 2))
        classes += present
        clean += not present.any()
    facts = {
        "pictures": len(maps),
        "taken": len(maps) - left_out.total(),
        "clean": clean,
        "classes": dict(zip(job.spec.classes, classes.tolist(), strict=True)),
        "left_out": dict(left_out.most_common()),
    }
    return rows, facts


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in counts.items())
