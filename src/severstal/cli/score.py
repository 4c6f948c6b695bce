"""The score of a submission or of a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from severstal.cli.arguments import FoldsCsv, HtmlFile, Images, InputFolder, JsonFile, Labels, RunOrCsv
from severstal.cli.sides import read_sides
from severstal.errors import SeverstalError
from severstal.files import write_json, write_text

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from severstal.competition.scope import Scope
    from severstal.competition.scored import ScoredPairs

UNSEARCHED = (
    "which of these images are also in the training set is not searched for here: `severstal lookup` does, "
    "and scores the control that copies masks from there"
)


def score(
    csv: RunOrCsv,
    truth: Labels = None,
    input: InputFolder = None,
    images: Images = None,
    folds: FoldsCsv = None,
    json: JsonFile = None,
    html: HtmlFile = None,
) -> None:
    """Score a submission against ground truth, as Kaggle does; or a run, on its out-of-fold masks.

    Clean images have no row but count in the score. By default the images of the sample submission count, or
    all train images if the rows name train images (out-of-fold predictions); the output says which.
    `--images` selects others, such as those of one fold.

    Args:
        csv: submission, scored with --truth; or folder of a run or an ensemble, runs/NAME.
        truth: ground truth in the form of train.csv.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        images: images that count in the score: a folder of images, or a CSV with one row per image.
        folds: a table of folds, a CSV with the columns ImageId and fold; with the folds.csv of a run, the
            bootstrap resamples near-duplicates together, and the images most similar to the test set get a
            score of their own.
        json: also write the results to this file.
        html: also write the results to this file, as a web page.
    """
    if csv.is_dir():
        _score_run(csv, {"truth": truth, "input": input, "images": images, "folds": folds}, json, html)
        return
    if truth is None:
        raise SeverstalError(
            f"{csv} is scored against its truth: name labels in train.csv's form with --truth"
        )
    print_score(csv, truth, input, images, folds, json, html)


def print_score(
    csv: Path,
    truth: Path,
    input: Path | None = None,
    images: Path | None = None,
    folds: Path | None = None,
    json: Path | None = None,
    html: Path | None = None,
    searched: bool = False,
) -> None:
    """Score a submission and print its scorecard, as `score` does.

    Args:
        csv: submission.
        truth: its ground truth.
        input: `--input`.
        images: `--images`.
        folds: `--folds`.
        json: `--json`.
        html: `--html`.
        searched: whether it is told elsewhere which test images stand in the training set.
    """
    from severstal.evaluation.scorecard import build_scorecard
    from severstal.report.scorecard import format_scorecard, save_page

    pairs, where, test_like = score_csv(csv, truth, input, images, folds)
    notes = [*where.notes, *([UNSEARCHED] if where.of_test and not searched else [])]
    card = build_scorecard(pairs, str(csv), test_like=test_like)
    print(format_scorecard(card), "", f"over {where.source}", *notes, sep="\n")
    if json is not None:
        over = {"csv": str(csv), "truth": str(truth), "over": where.source}
        write_json(json, {**over, **card.to_dict(), "notes": [*notes, *card.notes]})
    if html is not None:
        save_page(html, str(csv), [card])


def score_csv(
    csv: Path, truth: Path, input: Path | None, images: Path | None, folds: Path | None
) -> tuple["ScoredPairs", "Scope", "np.ndarray | None"]:
    """Score every pair of a CSV against a truth.

    Returns:
        The pairs, the images that count, and which of them are most like the test set, where `folds` says so.
    """
    from severstal.competition.scored import score_masks

    sides, where, spec = read_sides(csv, truth, input, images)
    rows = None if folds is None else _rows_of_folds(folds, where.images)
    known = {} if rows is None else {"groups": rows["group"].to_numpy(), "folds": rows["fold"].to_numpy()}
    pairs = score_masks(*(side.table for side in sides), where.images, spec, **known)
    test_like = rows["test_like"].to_numpy() if rows is not None and "test_like" in rows else None
    return pairs, where, test_like


def _rows_of_folds(folds: Path, images: Sequence[str]) -> "pd.DataFrame":
    """The rows of a run's folds.csv, or of a user's own, for some images, in their order."""
    from severstal.competition.cells import read_cells
    from severstal.data.folds import load_folds
    from severstal.data.given_folds import read_given_folds

    if "group" in read_cells(folds)[0]:
        rows = load_folds(folds)
    else:
        rows = read_given_folds(folds).assign(group=lambda table: range(len(table)))
    rows = rows.set_index("ImageId")
    absent = [image for image in images if image not in rows.index]
    if absent:
        raise SeverstalError(
            f"{folds}: {len(absent):,} of the {len(images):,} images have no row, such as {absent[0]}: give "
            "the folds.csv of a run on these images, or name its images with --images"
        )
    return rows.loc[list(images)]


def _score_run(run: Path, others: dict[str, Path | None], json: Path | None, html: Path | None) -> None:
    from severstal import pipeline
    from severstal.runs.combining import open_runs

    input = others.pop("input")
    given = [f"--{name}" for name, value in others.items() if value is not None]
    if given:
        raise SeverstalError(f"{run} is a run, which knows its own images: leave out {', '.join(given)}")
    opened = open_runs([run], input=input)
    trained, found = pipeline.find_rules(opened)
    masks = pipeline.segment_test(found, trained) if opened.data.has_test else None
    saved = pipeline.write_scorecard(found, masks)
    print(saved.text, end="")
    for source, target in ((saved.files.scorecard, json), (saved.files.scorecard_page, html)):
        if target is not None:
            write_text(target, source.read_text(encoding="utf-8"))
