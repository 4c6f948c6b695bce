"""The maps that a run is distilled from: written beside it, read by its training, deleted at its end.

Out-of-fold discipline. The student of fold k is trained on the labelled pictures of the other folds, each
with the teacher's out-of-fold map, which networks gave that were not trained on this picture. No picture of
fold k is trained on, and no unlabelled picture that is a near-duplicate of one. What remains: the networks
that gave those maps were trained on the pictures of fold k, too, so that what they learnt there reaches the
student through maps of other pictures. Stacking shares this; only an ensemble trained anew for each fold of
the student would be without it.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from severstal.data.duplicates import held_out_copies
from severstal.data.pseudo import PseudoData, label_rows, load_labels, save_labels
from severstal.errors import SeverstalError
from severstal.files import read_json, write_json
from severstal.inference.maps import MapReader, MapWriter
from severstal.inference.maps.layout import MANIFEST, delete_maps
from severstal.pipeline.combination import RunMaps
from severstal.progress import progress
from severstal.runs import inputs
from severstal.runs.inputs import Inputs, Part
from severstal.runs.job import Job
from severstal.training.loader import FoldData


class TeacherMaps:
    """The teacher's probabilities of each picture by its name: `data.pseudo.SoftMasks`.

    Args:
        reader: maps of the pictures.
    """

    def __init__(self, reader: MapReader) -> None:
        self._reader, self._rows = reader, {name: row for row, name in enumerate(reader.names)}

    def __call__(self, name: str) -> np.ndarray:
        """The probabilities in a picture, (C, H, W) uint8, 0 to 255 for 0 to 1."""
        return self._reader.full(self._rows[name])


def record_teacher(job: Job, name: str, oof: RunMaps, test: RunMaps | None) -> None:
    """Write the teacher's name and the checksums of its maps: `teacher.json`."""
    about = {"teacher": name, "oof": oof.layout.key, "test": None if test is None else test.layout.key}
    write_json(job.files.teacher_record, about)


def teacher_inputs(job: Job) -> Inputs | None:
    """What the training of a run that distils depends on besides labels and pictures; None for others.

    Raises:
        SeverstalError: the run has no teacher.
    """
    if not job.recipe.distill.weight:
        return None
    path = job.files.teacher_record
    if not path.is_file():
        raise SeverstalError(
            f"{job.folder}: distill.weight is {job.recipe.distill.weight:g} and {path.name} is not there: "
            f"train it by `severstal distill ENSEMBLE --into {job.recipe.name}`, or set distill.weight = 0"
        )
    about = read_json(path)
    try:
        return inputs.teacher(job.recipe, oof=about["oof"], test=about["test"])
    except (KeyError, TypeError) as error:
        raise SeverstalError(f"{path}: {error} is missing: give `severstal distill` again") from None


def write_teacher_maps(job: Job, part: Part, maps: RunMaps, names: Sequence[str]) -> None:
    """Write the teacher's maps of some pictures, averaged over its members, into the student's folder.

    Args:
        job: the student.
        part: "oof" for labelled pictures, "test" for unlabelled ones.
        maps: of the teacher.
        names: the pictures; each has a map.
    """
    rows = {name: row for row, name in enumerate(maps.names)}
    folder, layout = job.files.teacher / part, maps.layout
    writer = MapWriter(folder, names, job.spec, layout.scale, layout.key, run=job.folder.name)
    for shard, some in progress(writer.missing_shards(), f"teacher's {part} maps", unit="shard"):
        block = np.empty(writer.layout.shard_shape(shard), np.uint8)
        for target, name in zip(writer.layout.split(shard, block), some, strict=True):
            target[:] = maps[rows[name]]
        writer.write(shard, block, maps.class_probability[[rows[name] for name in some]])
    writer.close()


def with_teacher(data: FoldData, job: Job, fold: int) -> FoldData:
    """Add the teacher's probabilities to the data of a fold, and the unlabelled pictures where it asks.

    Unlabelled pictures get the teacher's masks at 0.5 as labels; those that are near-duplicates of a held-out
    picture are left out.

    Raises:
        SeverstalError: the maps are not there, or damaged.
    """
    data = replace(data, soft=TeacherMaps(_open(job, "oof")))
    if not job.recipe.distill.unlabelled:
        return data
    reader, path = _open(job, "test"), _labels_path(job, fold)
    left_out = held_out_copies(job.test_pictures, job.train_pictures, data.held_out)
    rows = [
        row
        for place, name in enumerate(reader.names)
        if name not in left_out
        for row in label_rows(name, reader.full(place) >= 128)
    ]
    if not rows:
        return data
    save_labels(rows, path)
    found = load_labels(path, job.test_pictures, job.spec)
    return replace(data, pseudo=PseudoData(found.store, found.masks, found.names, TeacherMaps(reader)))


def delete_teacher_maps(job: Job) -> None:
    """Delete the maps of a student that is trained: `teacher.json` says what they were."""
    for fold in range(job.recipe.data.folds):
        _labels_path(job, fold).unlink(missing_ok=True)
    for part in ("oof", "test"):
        delete_maps(job.files.teacher / part)
    delete_maps(job.files.teacher)


def _labels_path(job: Job, fold: int) -> Path:
    return job.files.teacher / f"fold{fold}.csv"


def _open(job: Job, part: Part) -> MapReader:
    folder = job.files.teacher / part
    if not (folder / MANIFEST).is_file():
        raise SeverstalError(
            f"{folder}: the teacher's maps are missing or unfinished: give the same `severstal distill` again"
        )
    return MapReader(folder)
