"""Near-duplicates among the pictures, which folds keep together."""

from severstal.cli.arguments import InputFolder, OptionalCsv, OptionalFolder


def duplicates(input: InputFolder = None, output: OptionalCsv = None, figures: OptionalFolder = None) -> None:
    """Find near-duplicate pictures (shifted, brightened or re-encoded) and compare their labels.

    Args:
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        output: also write the table of near-duplicate pairs to this file.
        figures: also write a figure per pair to this folder, with both pictures and their labels.
    """
    from severstal.experiments.duplicates import report_duplicates

    print(report_duplicates(input, output, figures)[1])
