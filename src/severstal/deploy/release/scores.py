"""The out-of-fold scores of a run, read from its scorecard where that is of the present rules."""

from pathlib import Path
from typing import Any

from severstal.errors import SeverstalError
from severstal.files import read_json
from severstal.runs.layout import RunFiles
from severstal.runs.record import Stage, file_checksum, read_record


def current_scores(folder: str | Path) -> dict[str, Any] | None:
    """The figures of `scorecard.json` for the labelled images, each judged by rules found without its fold.

    Args:
        folder: folder of a run or an ensemble.

    Returns:
        `score`, `interval`, `all_empty`, `classes` and more, as `Scorecard.to_dict` has them; None where the
        run has no scorecard, or one of earlier rules.

    Example:
        >>> current_scores("runs/never-made") is None
        True
    """
    files = RunFiles(Path(folder))
    try:
        record = read_record(files.record("scorecard"))
        if record is None or not files.oof_pairs.is_file():
            return None
        made_of, stage = record["inputs"], Stage(files.folder, "scorecard", record["inputs"])
        if made_of.get("pairs") != file_checksum(files.oof_pairs) or not stage.is_done():
            return None
        return read_json(files.scorecard)["oof"]
    except (SeverstalError, KeyError, TypeError):  # damaged: the scores are left out, the weights stand
        return None
