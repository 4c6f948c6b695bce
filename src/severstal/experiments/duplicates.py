"""The near-duplicates among the labelled pictures of an input folder, and how they are labelled."""

from pathlib import Path

import pandas as pd

from severstal.data import duplicates
from severstal.data.duplicates import save_pairs
from severstal.files import atomic_write
from severstal.progress import progress
from severstal.recipe import Recipe
from severstal.report.duplicates import format_duplicates, pair_gallery
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
