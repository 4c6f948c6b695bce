"""Distillation: one network, trained on the labels and on the probabilities of an ensemble."""

from dataclasses import replace
from pathlib import Path

from severstal.errors import SeverstalError
from severstal.pipeline.combination import OofMaps, combine_oof, combine_test
from severstal.pipeline.data import prepare
from severstal.pipeline.folds import Folds
from severstal.pipeline.prediction import predict_oof, predict_test
from severstal.pipeline.rounds import make_round
from severstal.pipeline.run import prepare_folds
from severstal.pipeline.teacher import delete_teacher_maps, record_teacher, write_teacher_maps
from severstal.pipeline.trained import open_trained
from severstal.pipeline.training import Trained, train_folds
from severstal.recipe import Recipe
from severstal.recipe.reading import check_together
from severstal.recipe.switches import change
from severstal.runs.combining import open_runs
from severstal.runs.opening import choose_recipe
from severstal.training.deadline import Deadline

_WEIGHT = 0.5  # of the teacher, where the recipe gives none


def distill(
    teacher: str | Path,
    recipe: str | Path | Recipe,
    input: str | Path | None = None,
    name: str | None = None,
    deadline: Deadline | None = None,
) -> Trained:
    """Train one network on an ensemble's probabilities; `pipeline.teacher` states the discipline.

    The student is a run as any other. Maps that the ensemble lacks are predicted first.

    Args:
        teacher: folder of the trained ensemble, or of a run.
        recipe: the student's; its `distill.weight` is 0.5 where it gives none.
        input: the input folder, where it is no longer where the ensemble found it.
        name: name of the student's folder, `runs/NAME`; None for `RECIPE-distilled-INPUT`.
        deadline: time by which the last epoch has to have ended; None trains to the end.

    Returns:
        The student with its weights.

    Raises:
        SeverstalError: the recipe has several networks; the ensemble is not trained, or trained some folds
            only; it is of another data set, or of other folds than the recipe makes.
    """
    source = open_runs([teacher], input=input)
    trained = open_trained(source)
    student = prepare(_student_recipe(recipe), source.data.root, name)
    [folds] = prepare_folds(student)
    _check_folds(folds, trained[0].folds)
    oof = combine_oof(source, [each.folds for each in trained], predict_oof(trained))
    _check_maps(folds, oof)
    test = None
    if student.recipe.distill.unlabelled:
        student.data.check_test()
        test = combine_test(oof, predict_test(trained))
    record_teacher(student, source.folder.name, oof.maps, test)
    wanted = range(student.recipe.data.train_folds)
    if not all(make_round(folds, fold, 0, None).stage.is_done() for fold in wanted):
        write_teacher_maps(student, "oof", oof.maps, student.images)
        if test is not None:
            write_teacher_maps(student, "test", test, student.sample.images)
    [found] = train_folds([folds], deadline=deadline)
    delete_teacher_maps(student)
    return found


def _student_recipe(recipe: str | Path | Recipe) -> Recipe:
    """The recipe with a weight for the teacher, and with a name that says so."""
    found = choose_recipe(recipe)
    if found.members:
        raise SeverstalError(
            f"recipe {found.name} has {len(found.members)} members: distill into a recipe of one network"
        )
    if not found.distill.weight:
        found = change(found, {"distill.weight": _WEIGHT})
        check_together(found, found.name)
    return found if found.name.endswith("-distilled") else replace(found, name=f"{found.name}-distilled")


def _check_folds(student: Folds, teacher: Folds) -> None:
    """Check that no image is held out from the student and trained on by the network that maps it."""
    ours, theirs = student.fold_of, teacher.fold_of
    folder, other = student.job.folder, teacher.job.folder
    absent = [name for name in ours if name not in theirs]
    if absent:
        raise SeverstalError(
            f"{folder}: {absent[0]} is not among the {len(theirs):,} images of {other} ({len(absent):,} such "
            f"images): set data.max_images = {teacher.job.recipe.data.max_images}, as it has"
        )
    apart = [name for name in ours if ours[name] != theirs[name]]
    if apart:
        data = teacher.job.recipe.data
        raise SeverstalError(
            f"{folder}: {apart[0]} is in fold {ours[apart[0]]}, and in fold {theirs[apart[0]]} of {other} "
            f"({len(apart):,} such images): set data.folds = {data.folds} and data.fold_seed = "
            f"{teacher.job.recipe.fold_seed}, as it has"
        )


def _check_maps(student: Folds, teacher: OofMaps) -> None:
    teacher.maps.require(student.job.spec)
    mapped = set(teacher.maps.names)
    absent = [name for name in student.fold_of if name not in mapped]
    if absent:
        raise SeverstalError(
            f"{teacher.run.folder}: has no out-of-fold map of {absent[0]} ({len(absent):,} such images): "
            "train all of its folds (data.train_folds)"
        )
