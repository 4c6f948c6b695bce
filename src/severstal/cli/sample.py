"""The sample data set."""

from pathlib import Path


def sample(
    output: Path = Path("input/sample"), images: int = 480, test_images: int = 120, seed: int = 0
) -> None:
    """Draw synthetic steel in the competition's layout, with the truth of its test set.

    Args:
        output: the folder to make.
        images: labelled pictures, 8 to 20,000.
        test_images: pictures to be segmented, 8 to 20,000.
        seed: another seed draws other pictures.
    """
    from severstal.synthetic import draw_sample

    draw_sample(output, images, test_images, seed)
    print(f"{output}: {images} labelled and {test_images} test pictures")
