"""The competition's data."""

from pathlib import Path

from severstal.cli.arguments import Folder


def download(output: Folder = Path("input/severstal-steel-defect-detection")) -> None:
    """Download the competition's data with Kaggle's client and your own token; resumes after an interruption.

    Args:
        output: folder to write.
    """
    from severstal.data.download import download_competition

    done = download_competition(output)
    print(f"{output}: {'12,568 labelled and 5,506 test pictures' if done else 'complete already'}")
