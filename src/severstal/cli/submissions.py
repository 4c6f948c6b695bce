"""Submissions: checked, compared and scored."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from severstal.cli.arguments import (
    Csv,
    Folder,
    FoldsCsv,
    HtmlFile,
    Images,
    InputFolder,
    JsonFile,
    Labels,
    OptionalNumber,
    OutputFolder,
    RunOrCsv,
    optional,
)
from severstal.errors import SeverstalError
from severstal.files import write_json, write_text

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from severstal.competition.scope import Scope
    from severstal.competition.scored import ScoredPairs


def check(csv: Csv, input: InputFolder = None, json: JsonFile = None) -> int:
    """Check a submission and summarise its contents: exit code 0 valid, 1 findings, 2 unusable.

    Remarks name what is allowed but unusual; they do not count as findings.

    Args:
        csv: submission to check.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        json: also write the results to this file.
    """
    from severstal.competition import checking, contents, tables
    from severstal.report.submission import format_contents, format_findings

    data = _input(input)
    sample = tables.read_sample(data.sample_csv, data.spec)
    truth = None
    if data.truth_csv.is_file():
        truth = tables.read_labels(data.truth_csv, data.spec, sample.images)
    findings, table = checking.read_checked(csv, sample, data.spec)
    held = contents.sum_up(table, sample.images, data.spec, truth)
    print(format_findings(findings, str(csv)), format_contents(held), sep="\n")
    if json is not None:
        write_json(json, {"csv": str(csv), "findings": findings, **held.to_dict()})
    return 1 if findings else 0


def diff(
    a: Csv,
    b: Csv,
    input: InputFolder = None,
    output: OutputFolder = None,
    most: Annotated[int, arg(metavar="N")] = 12,
    json: JsonFile = None,
) -> int:
    """Compare the masks of two submissions: exit code 0 equal, 1 different, 2 unusable.

    Args:
        a: submission, in the form of 2019 or of today; or a table of masks of train images.
        b: submission or table to compare it with, of the same images.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        output: also write differences.csv and pictures of the largest differences to this folder.
        most: number of differences to list and draw, largest first.
        json: also write the results to this file.
    """
    from severstal.competition import difference, scope
    from severstal.competition.masks import Masks
    from severstal.competition.spec import SEVERSTAL
    from severstal.report.difference import format_difference
    from severstal.report.difference_pictures import save_differences

    if most < 0:
        raise SeverstalError(f"--most is {most}: give 0 or more")
    data = _input(input, needed=False)
    spec = data.spec if data else SEVERSTAL
    sides = [scope.read_named(path, spec) for path in (a, b)]
    where = scope.find_scope(sides, spec, data)
    names = (str(a), str(b))
    found = difference.compare_tables(*(side.table for side in sides), where.images, spec)
    print(format_difference(found, names, most), f"over {where.source}", *where.notes, sep="\n")
    if json is not None:
        over = {"a": names[0], "b": names[1], "over": where.source, "notes": where.notes}
        write_json(json, {**over, **found.to_dict(most)})
    if output is not None:
        masks = (Masks(sides[0].table, spec), Masks(sides[1].table, spec))
        lost = save_differences(output, found, masks, names, most, spec, data)
        missing = f", but not of {', '.join(lost)}: not in the input folder" if lost else ""
        print(f"{output}: differences.csv and pictures{missing}")
    return 1 if found.differing else 0


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
        images: images that count in the score: a folder of pictures, or a CSV with one row per image.
        folds: folds.csv of a run: the bootstrap resamples near-duplicates together, and the images most
            similar to the test set get a score of their own.
        json: also write the results to this file.
        html: also write the results to this file, as a web page.
    """
    from severstal.evaluation.scorecard import build_scorecard
    from severstal.report.scorecard import format_scorecard, save_page

    if csv.is_dir():
        _score_run(csv, {"truth": truth, "input": input, "images": images, "folds": folds}, json, html)
        return
    if truth is None:
        raise SeverstalError(
            f"{csv} is scored against its truth: name labels in train.csv's form with --truth"
        )
    pairs, where, test_like = score_csv(csv, truth, input, images, folds)
    card = build_scorecard(pairs, str(csv), test_like=test_like)
    print(format_scorecard(card), "", f"over {where.source}", *where.notes, sep="\n")
    if json is not None:
        over = {"csv": str(csv), "truth": str(truth), "over": where.source}
        write_json(json, {**over, **card.to_dict(), "notes": [*where.notes, *card.notes]})
    if html is not None:
        save_page(html, str(csv), [card])


def score_csv(
    csv: Path, truth: Path, input: Path | None, images: Path | None, folds: Path | None
) -> tuple["ScoredPairs", "Scope", "np.ndarray | None"]:
    """Score every pair of a CSV against a truth.

    Returns:
        The pairs, the images that count, and which of them are most like the test set, where `folds` says so.
    """
    from severstal.competition import scope
    from severstal.competition.scored import score_masks
    from severstal.competition.spec import SEVERSTAL

    data = _input(input, needed=False)
    if data is None and images is None:
        raise SeverstalError(
            "which images count is not known, as clean images have no row: name the input folder with "
            "--input, or with --images a folder of pictures or a CSV that has a row for each"
        )
    spec = data.spec if data else SEVERSTAL
    sides = [scope.read_named(csv, spec), scope.read_named(truth, spec, labels=True)]
    if images is None:
        where = scope.find_scope(sides, spec, data)
    else:
        where, sides = scope.given_scope(images, sides)
    rows = None if folds is None else _rows_of_folds(folds, where.images)
    known = {} if rows is None else {"groups": rows["group"].to_numpy(), "folds": rows["fold"].to_numpy()}
    pairs = score_masks(*(side.table for side in sides), where.images, spec, **known)
    test_like = rows["test_like"].to_numpy() if rows is not None and "test_like" in rows else None
    return pairs, where, test_like


def _rows_of_folds(folds: Path, images: Sequence[str]) -> "pd.DataFrame":
    """The rows of a run's folds.csv for some images, in their order."""
    from severstal.data.folds import load_folds

    rows = load_folds(folds).set_index("ImageId")
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


def leaderboard(
    csv: Positional[Annotated[Path | None, optional("CSV")]] = None,
    public: OptionalNumber = None,
    private: OptionalNumber = None,
    folder: Folder = Path("submissions"),
) -> None:
    """List all submissions by out-of-fold score, best first; enter the scores that Kaggle shows for one.

    Args:
        csv: submission to enter scores for.
        public: public score of that submission.
        private: private score of that submission.
        folder: folder of leaderboard.csv.
    """
    from severstal.runs.leaderboard import enter_scores, format_leaderboard, read_leaderboard

    if csv is None:
        if public is not None or private is not None:
            raise SeverstalError("--public, --private: name the submission they belong to")
        table = read_leaderboard(folder)
    else:
        table = enter_scores(csv, public, private)
    print(format_leaderboard(table))


def _input(folder: Path | None, needed: bool = True):
    from severstal.competition.folder import locate_input, open_input

    root = locate_input(folder)
    if root is None and needed:
        raise SeverstalError("no input folder: name it with --input, or render one with `severstal sample`")
    return open_input(root) if root else None
