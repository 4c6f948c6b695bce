"""The last stages: masks of the test images, the submission, and its provenance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
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
from severstal.files import read_json, write_json
from severstal.pipeline.combination import RunMaps
from severstal.pipeline.rules import FoundRules
from severstal.pipeline.training import Trained
from severstal.runs import inputs
from severstal.runs.ensemble import Ensemble, RunOrEnsemble, jobs_of
from severstal.runs.environment import environment
from severstal.runs.job import Job
from severstal.runs.leaderboard import NAME, is_recorded, read_leaderboard, record_submission
from severstal.runs.record import Stage, file_checksum

SUBMISSION = Path("submissions/submission.csv")


@dataclass(frozen=True)
class TestMasks:
    """The masks of the test images, on disk and read lazily.

    Attributes:
        found: rules that drew them.
        maps: maps that they were drawn from.
        checksum: checksum of the run's `submission.csv`.
    """

    __test__ = False  # not a test, whatever pytest makes of the name

    found: FoundRules
    maps: RunMaps
    checksum: str

    @property
    def run(self) -> RunOrEnsemble:
        """The run or the ensemble."""
        return self.found.run

    @cached_property
    def table(self) -> pd.DataFrame:
        """Tidy table of the masks."""
        return read_submission(self.run.files.submission, self.run.spec)


def draw_test(found: FoundRules, maps: RunMaps) -> TestMasks:
    """Draw the masks of the test images with the rules: `submission.csv` in the run's folder."""
    run = found.run
    path = run.files.submission
    stated = inputs.submission(
        maps=maps.layout.key,
        rules=file_checksum(run.files.rules),
        sample=_sample_checksum(run),
    )
    stage = Stage(run.folder, "submission", stated)
    if not stage.is_done():
        pictures = run.test_pictures if found.rules.need_pictures else None
        table = draw_masks(maps, found.rules, run.spec, pictures)
        write_submission(path, table, run.sample, run.spec)
        stage.finish([path])
    return TestMasks(found, maps, stage.checksum(path))


def _sample_checksum(run: RunOrEnsemble) -> str | None:
    """Checksum of the sample submission; None where there is none, and the pictures alone are listed."""
    return file_checksum(run.data.sample_csv) if run.data.sample_csv.is_file() else None


def submit(masks: TestMasks, trained: Sequence[Trained], output: str | Path = SUBMISSION) -> Path:
    """Write the submission to `output`, unless these very masks are there already.

    Beside it goes its provenance, under the same name as JSON; and a row on the leaderboard of its folder.

    Returns:
        The path of the submission.

    Raises:
        SeverstalError: `check_output` refuses the output; nothing is written then.
    """
    output = Path(output)
    check_output(output)
    if not _is_published(output, masks):
        found = masks.found
        publish(masks.run, trained, masks.table, found.rules, found.pairs, output)
    return output


def check_output(output: str | Path) -> None:
    """Refuse an output that would take another file's place, or could not be put on the leaderboard.

    Args:
        output: path of a submission.

    Raises:
        SeverstalError: the name does not end in .csv, so that its provenance, NAME.json, might be the same
            file; it is the leaderboard's own; or the leaderboard beside it is damaged.

    Example:
        >>> check_output("never-made/mine.csv")
        >>> check_output("never-made/mine.json")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: never-made/mine.json: not the name of a submission: end it in .csv
    """
    output = Path(output)
    if output.suffix.lower() != ".csv":
        raise SeverstalError(f"{output}: not the name of a submission: end it in .csv")
    if output.name.lower() == NAME:  # also on disks that know no capitals
        raise SeverstalError(f"{output}: {NAME} lists all submissions of its folder: give another name")
    read_leaderboard(output.parent)


def publish(
    run: RunOrEnsemble,
    trained: Sequence[Trained],
    table: pd.DataFrame,
    rules: Rules,
    oof: ScoredPairs,
    output: str | Path,
) -> None:
    """Write a submission with its provenance, and put it on the leaderboard of its folder.

    Args:
        run: run that the masks came from.
        trained: the run, or the members of the ensemble, with their weights.
        table: tidy table of the masks.
        rules: rules that drew them.
        oof: out-of-fold scores of such rules on the labelled images.
        output: path of the CSV.

    Raises:
        SeverstalError: `check_output` refuses the output, or something cannot be written.
    """
    output = Path(output)
    check_output(output)
    write_submission(output, table, run.sample, run.spec)
    span = interval(oof.dice, oof.groups)
    scores = {"oof": span.mean, "low": span.low, "high": span.high, "all_empty": oof.score.all_empty}
    if run.truth is not None:
        scores["test"] = score_masks(table, run.truth, run.sample.images, run.spec).score.score
    about = environment()
    written = datetime.now(UTC).isoformat(timespec="seconds")
    provenance: dict[str, Any] = {
        "file": output.name,
        "sha256": file_checksum(output),
        "written": written,
        "masks": len(table),
        "runs": [_provenance(each) for each in trained],
        "rules": rules.to_json(),
        "scores": scores,
        "input": {
            "name": run.data.root.resolve().name,
            "train_csv": file_checksum(run.data.train_csv),
            "sample_csv": _sample_checksum(run),
            "train_pictures": run.train_pictures.digest,
            "test_pictures": run.test_pictures.digest,
        },
        "environment": about,
    }
    if isinstance(run, Ensemble):
        combiner = read_json(run.files.combiner)
        combiner.pop("ranks")  # half a megabyte, and found again from the runs
        provenance["ensemble"] = {"name": run.folder.name, **combiner}
    write_json(output.with_suffix(".json"), provenance)
    runs = _names(jobs_of(run))
    record_submission(output, {"written": written, "runs": runs, "commit": about["commit"], **scores})


def _is_published(output: Path, masks: TestMasks) -> bool:
    """Return whether the output holds these masks, with its provenance and its row on the leaderboard."""
    beside = output.with_suffix(".json")
    if not output.is_file() or not beside.is_file() or file_checksum(output) != masks.checksum:
        return False
    about = read_json(beside)
    return (
        isinstance(about, dict)
        and about.get("sha256") == masks.checksum
        and [run.get("name") for run in about.get("runs", [])]
        == [job.folder.name for job in jobs_of(masks.run)]
        and about.get("rules") == masks.found.rules.to_json()
        and is_recorded(output, _names(jobs_of(masks.run)))
    )


def _names(jobs: Sequence[Job]) -> str:
    return " + ".join(job.folder.name for job in jobs)


def _provenance(trained: Trained) -> dict[str, Any]:
    job = trained.job
    return {
        "name": job.folder.name,
        "recipe": job.recipe.to_dict(),
        "weights": {f"fold{fold}": checksum for fold, checksum in trained.checksums.items()},
        "trained_at": read_json(job.files.environment).get("commit"),
    }
