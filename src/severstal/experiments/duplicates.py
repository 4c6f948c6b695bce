"""The near-duplicates among the labelled pictures of an input folder, and how they are labelled."""

from pathlib import Path

import pandas as pd

from severstal.competition.submission import write_submission
from severstal.data import duplicates
from severstal.data.duplicates import save_pairs
from severstal.files import atomic_write
from severstal.progress import progress
from severstal.recipe import Recipe
from severstal.report.duplicates import format_copies, format_duplicates, pair_gallery
from severstal.runs.opening import open_job


def report_duplicates(
    input: str | Path | None = None, output: str | Path | None = None, figures: str | Path | None = None
) -> tuple[pd.DataFrame, str]:
    """Find the groups of near-duplicates among all labelled pictures, and the pairs labelled differently.

    Args:
        input: the input folder; None as in `locate_input`, else the sample is rendered.
        output: path for the table of the pairs.
        figures: folder for a figure of each pair, side by side with their labels.

    Returns:
        One row per pair, with what its labels say; and the same in words.
    """
    job = open_job(Recipe(), input)
    pairs = duplicates.find_duplicates(job.train_pictures)
    pairs = duplicates.compare_labels(pairs, job.masks, job.spec)
    if output is not None:
        save_pairs(pairs, output)
    if figures is not None:
        for row in progress(range(len(pairs)), "draw pairs", unit="pair"):
            pair = pairs.iloc[[row]]
            first, second = (Path(pair[side].item()).stem for side in ("first", "second"))
            with atomic_write(Path(figures) / f"{first}-{second}.png") as part:
                pair_gallery(pair, job.train_pictures, job.masks, job.spec).savefig(part, format="png")
    return pairs, format_duplicates(job.images, pairs)


def report_copies(
    input: str | Path | None = None, output: str | Path | None = None
) -> tuple[pd.DataFrame, str]:
    """Find the test pictures that are also in the training set, in any orientation and at another scale.

    Args:
        input: the input folder; None takes the first of the usual places, or renders the sample.
        output: path for the table of the pairs, of which `first` is the train picture.

    Returns:
        One row per pair; and the same in words.
    """
    job = open_job(Recipe(), input)
    pairs = duplicates.find_duplicates(job.train_pictures, job.test_pictures)
    if output is not None:
        save_pairs(pairs, output)
    return pairs, format_copies(pairs, job.images, job.sample.images)


def look_up(output: str | Path, input: str | Path | None = None) -> str:
    """Write the submission of the control that copies the mask of the nearest training picture.

    Args:
        output: path for the submission.
        input: the input folder; None takes the first of the usual places, or renders the sample.

    Returns:
        What was found, in words.
    """
    job = open_job(Recipe(), input)
    pairs = duplicates.find_duplicates(job.train_pictures, job.test_pictures)
    table = duplicates.lookup_table(pairs, job.sample.images, job.masks, job.spec)
    write_submission(output, table, job.sample, job.spec)
    return format_copies(pairs, job.images, job.sample.images)
