"""Near-duplicates among the pictures, which folds keep together, and across training and test set."""

from pathlib import Path

from severstal.cli.arguments import InputFolder, Labels, OptionalCsv, OptionalFolder, OutputCsv


def duplicates(
    input: InputFolder = None,
    output: OptionalCsv = None,
    figures: OptionalFolder = None,
    test: bool = False,
) -> None:
    """Find near-duplicate images (rotated, mirrored, scaled, brightened, re-encoded); compare their labels.

    Args:
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        output: also write the table of near-duplicate pairs to this file.
        figures: also write a figure per pair to this folder, with both images and their labels.
        test: instead find the test images that are also in the training set.
    """
    from severstal.errors import SeverstalError
    from severstal.experiments.duplicates import report_copies, report_duplicates

    if test and figures is not None:
        raise SeverstalError(
            "--figures needs labels, which the test set of --test does not have: leave one out"
        )
    print(report_copies(input, output)[1] if test else report_duplicates(input, output, figures)[1])


def lookup(
    input: InputFolder = None, output: OutputCsv = Path("submissions/lookup.csv"), truth: Labels = None
) -> None:
    """Score the control that copies to each test image the mask of the nearest training image.

    A network may have memorised whatever this control scores: report it beside the score of any split whose
    test images are also in the training set.

    Args:
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        output: submission of the control.
        truth: labels of the test images in the form of train.csv; by default test_labels.csv of the input
            folder, if it exists.
    """
    from severstal.cli.score import print_score
    from severstal.competition.folder import locate_input
    from severstal.experiments.duplicates import look_up

    print(look_up(output, input).splitlines()[0])
    folder = locate_input(input)
    if truth is None and folder is not None and (folder / "test_labels.csv").is_file():
        truth = folder / "test_labels.csv"
    if truth is None:
        print(f"{output}: not scored, as no labels of the test pictures are known: name them with --truth")
    else:
        print_score(output, truth, folder, searched=True)
