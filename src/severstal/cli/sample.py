"""The synthetic sample data set."""

from pathlib import Path

from severstal.cli.arguments import Amount, Folder


def sample(
    output: Folder = Path("input/sample"), images: Amount = 480, test_images: Amount = 120, seed: Amount = 0
) -> None:
    """Render a synthetic data set in the competition's layout, with the ground truth of its test set.

    Args:
        output: folder to write.
        images: number of labelled images, 8 to 20,000.
        test_images: number of test images, 8 to 20,000.
        seed: random seed.
    """
    from severstal.synthetic import draw_sample

    draw_sample(output, images, test_images, seed)
    print(f"{output}: {images} labelled and {test_images} test pictures")
