"""What the folds have to know of the pictures."""

from pathlib import Path


def duplicates(input: Path | None = None, output: Path | None = None, pictures: Path | None = None) -> None:
    """Find near-duplicate pictures, shifted, brightened and re-encoded ones too, and compare their labels.

    Args:
        input: the input folder; without it the usual places, then the sample.
        output: where the table of the pairs goes (CSV).
        pictures: folder for a picture of each pair, side by side with their labels.
    """
    from severstal.experiments.duplicates import report_duplicates

    print(report_duplicates(input, output, pictures)[1])
