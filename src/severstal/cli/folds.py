"""Near-duplicates among the pictures, which folds keep together."""

from severstal.cli.arguments import InputFolder, OptionalCsv, OptionalFolder


def duplicates(input: InputFolder = None, output: OptionalCsv = None, figures: OptionalFolder = None) -> None:
    """Find near-duplicate pictures, shifted, brightened and re-encoded ones too, and compare their labels.

    Args:
        input: input folder in Kaggle's layout; by default the usual places, then a synthetic sample.
        output: also write the table of the pairs to this file.
        figures: also write a figure of each pair, side by side with its labels, to this folder.
    """
    from severstal.experiments.duplicates import report_duplicates

    print(report_duplicates(input, output, figures)[1])
