"""The stages at the end: masks of the test images, the submission, where it came from, what it scores."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from severstal.competition.scored import ScoredPairs, score_masks
from severstal.competition.submission import write_submission
from severstal.competition.tables import read_submission
from severstal.decision.mask_table import draw_masks
from severstal.decision.rules import Rules
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import interval
from severstal.files import checksum, read_json, write_json
from severstal.pipeline.prediction import predict_test
from severstal.pipeline.rules import score_oof, tune_rules
from severstal.runs.ensemble import Ensemble, RunOrEnsemble
from severstal.runs.job import Job, environment
from severstal.runs.leaderboard import NAME, read_leaderboard, record_submission
from severstal.runs.stage import Stage

SUBMISSION = Path("submissions/submission.csv")


def draw_test(candidate: RunOrEnsemble) -> pd.DataFrame:
    """Draw the masks of the test images with the rules: `submission.csv` in the run's folder.

    Returns:
        The tidy table of predicted masks.
    """
    maps, rules = predict_test(candidate), tune_rules(candidate)
    path = candidate.folder / "submission.csv"
    inputs = {
        "maps": maps.layout.key,
        "rules": checksum(candidate.folder / "rules.json"),
        "sample": checksum(candidate.data.sample_csv),
    }
    stage = Stage(candidate.folder, "submission", inputs)
    if not stage.is_done():
        pictures = candidate.test_pictures if rules.need_pictures else None
        table = draw_masks(maps, rules, candidate.spec, pictures)
        write_submission(path, table, candidate.sample, candidate.spec)
        stage.finish([path])
    return read_submission(path, candidate.spec)


def submit(candidate: RunOrEnsemble, output: str | Path = SUBMISSION) -> pd.DataFrame:
    """Write the submission to `output`.

    Beside it goes its provenance, under the same name as JSON; and a row on the leaderboard of its folder.

    Returns:
        The tidy table of predicted masks.

    Raises:
        SeverstalError: `check_output` refuses the output; nothing is predicted or written then.
    """
    check_output(output)
    table = draw_test(candidate)
    publish(candidate, table, tune_rules(candidate), score_oof(candidate), output)
    return table


def check_output(output: str | Path) -> None:
    """Refuse an output that would take another file's place, or could not be put on the leaderboard.

    Args:
        output: where a submission shall go.

    Raises:
        SeverstalError: its name does not end in .csv, so that its provenance, NAME.json, might be the same
            file; it is the leaderboard's own; or the leaderboard beside it is damaged.

    Example:
        >>> check_output("never-made/mine.csv")
        >>> check_output("never-made/mine.json")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: never-made/mine.json: no name of a submission: let it end in .csv
    """
    output = Path(output)
    if output.suffix.lower() != ".csv":
        raise SeverstalError(f"{output}: no name of a submission: let it end in .csv")
    if output.name.lower() == NAME:  # also on disks that know no capitals
        raise SeverstalError(f"{output}: {NAME} lists all submissions of its folder: give another name")
    read_leaderboard(output.parent)


def publish(
    candidate: RunOrEnsemble, table: pd.DataFrame, rules: Rules, oof: ScoredPairs, output: str | Path
) -> None:
    """Write a submission with its provenance, and put it on the leaderboard of its folder.

    Args:
        candidate: that the masks came from.
        table: tidy table of the masks.
        rules: that drew them.
        oof: how such rules scored on the labelled images.
        output: of the CSV.

    Raises:
        SeverstalError: `check_output` refuses the output, or something cannot be written.
    """
    output = Path(output)
    check_output(output)
    write_submission(output, table, candidate.sample, candidate.spec)
    span = interval(oof.dice, oof.groups)
    scores = {"oof": span.mean, "low": span.low, "high": span.high, "nothing": oof.score.all_empty}
    if candidate.truth is not None:
        images = candidate.sample.images
        scores["test"] = score_masks(table, candidate.truth, images, candidate.spec).score.score
    members = candidate.members if isinstance(candidate, Ensemble) else (candidate,)
    about = environment()
    written = datetime.now(UTC).isoformat(timespec="seconds")
    provenance: dict[str, Any] = {
        "file": output.name,
        "sha256": checksum(output),
        "written": written,
        "masks": len(table),
        "runs": [_provenance(member) for member in members],
        "rules": rules.to_json(),
        "scores": scores,
        "input": {
            "name": candidate.data.root.resolve().name,
            "train_csv": checksum(candidate.data.train_csv),
            "sample_csv": checksum(candidate.data.sample_csv),
            "train_pictures": members[0].train_pictures.digest,
            "test_pictures": members[0].test_pictures.digest,
        },
        "environment": about,
    }
    if isinstance(candidate, Ensemble):
        combiner = read_json(candidate.folder / "combiner.json")
        combiner.pop("ranks")  # half a megabyte, and found again from the runs
        provenance["team"] = {"name": candidate.folder.name, **combiner}
    write_json(output.with_suffix(".json"), provenance)
    runs = " + ".join(member.folder.name for member in members)
    record_submission(output, {"written": written, "runs": runs, "commit": about["commit"], **scores})


def _provenance(job: Job) -> dict[str, Any]:
    folds = range(job.recipe.data.train_folds)
    trained = read_json(job.folder / "environment.json")
    return {
        "name": job.folder.name,
        "recipe": job.recipe.to_dict(),
        "weights": {f"fold{fold}": checksum(job.weights(fold)) for fold in folds},
        "trained_at": trained.get("commit"),
    }
