"""Opening of trained folds: checked against their records, and never trained here."""

from severstal.errors import SeverstalError
from severstal.pipeline.folds import Folds, open_folds
from severstal.pipeline.rounds import Round, make_round
from severstal.pipeline.training import Trained
from severstal.recipe.meaning import describe_differences
from severstal.runs.ensemble import RunOrEnsemble, jobs_of
from severstal.runs.inputs import comparable
from severstal.runs.job import Job
from severstal.runs.layout import pseudo_labels_path


def open_trained(run: RunOrEnsemble) -> list[Trained]:
    """Open the trained folds of a run, or of each member of an ensemble.

    Returns:
        Each run with its weights, in the order of the members.

    Raises:
        SeverstalError: a fold is not trained; its weights are missing or changed; or they are of other
            settings, pictures, labels or folds than those that are there now. The message says which.
    """
    return [_open_trained(open_folds(job)) for job in jobs_of(run)]


def _open_trained(folds: Folds) -> Trained:
    job = folds.job
    return Trained(folds, {fold: _open_fold(folds, fold) for fold in range(job.recipe.data.train_folds)})


def _open_fold(folds: Folds, fold: int) -> str:
    job, before = folds.job, None
    for number in range(job.recipe.pseudo.rounds):
        round = make_round(folds, fold, number, before)
        labels = pseudo_labels_path(round.folder)
        if not labels.is_file():
            raise _refusal(job, f"fold{fold} is not trained to the end: {labels.name} is not there")
        before = round.folder if labels.read_text(encoding="utf-8").count("\n") > 1 else None
    last = make_round(folds, fold, job.recipe.pseudo.rounds, before)
    if fault := _fault(last, fold):
        raise _refusal(job, fault)
    return last.stage.checksum(job.files.weights(job.recipe, fold))


def _fault(round: Round, fold: int) -> str | None:
    """Return why a fold's training cannot be used; None where it can."""
    recorded, problem = round.stage.recorded(), round.stage.problem()
    if problem is None:
        return None
    if recorded is None:
        return f"fold{fold} is not trained" + (f": {problem}" if round.stage.path.is_file() else "")
    then, now = comparable(recorded), comparable(round.stage.inputs)
    if then == now:
        return problem
    if then.get("settings") != now.get("settings"):
        differences = ", ".join(describe_differences(now.get("settings", {}), then.get("settings", {})))
        return f"fold{fold} was trained with other settings: {differences}"
    changed = [name for name in now if then.get(name) != now[name]]
    words = {
        "encoder": "the file of pretrained weights",
        "pseudo": "the pseudo-labels",
        "teacher": "the teacher's maps",
    }
    return f"fold{fold} was trained on other data: {words.get(changed[0], changed[0])} changed since"


def _refusal(job: Job, fault: str) -> SeverstalError:
    command = f"severstal train {job.files.recipe} --input {job.data.root} --name {job.folder.name}"
    return SeverstalError(f"{job.folder}: {fault}: restore it, or train by `{command}`")
