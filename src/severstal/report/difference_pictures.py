"""The difference of two submissions as pictures and a table."""

import re
from pathlib import Path

import cv2
import numpy as np
from matplotlib.patches import Patch

from severstal.competition.difference import SubmissionDifference
from severstal.competition.folder import InputFolder
from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.data.arrays import to_luma
from severstal.data.pictures import read_picture
from severstal.evaluation.labels import class_label, truncate
from severstal.files import atomic_write
from severstal.progress import progress
from severstal.report.overlay import class_planes, describe_mask, show_mask
from severstal.report.palette import DPI, FIGURE_WIDTH, TEXT_SIZE, Sheet, legend_below, rgb, sheet

_STRIPE = 16  # period of the stripes in dots
_TALLEST = 3.0  # height of a picture in inches
_DIM = 0.6  # of the brightness of the steel, for contrast


def draw_difference(
    picture: np.ndarray, a: np.ndarray, b: np.ndarray, spec: Spec, scale: float
) -> np.ndarray:
    """Draw the pixels that two masks share and those of only one of them, distinguishable in greyscale.

    Shared pixels are tinted in the colour of the class. Pixels of A alone have rising stripes of that colour
    and black, pixels of B alone falling stripes of it and white. Where A and B have different classes, the
    stripes cross.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours, drawn by its luma.
        a: (H, W) bitmask, bit k - 1 for class k.
        b: likewise.
        spec: names the classes.
        scale: dots per pixel; a difference of one pixel has at least one dot.

    Returns:
        (H * scale, W * scale, 3) uint8, RGB.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> a = np.zeros((4, 4), np.uint8)
        >>> a[:, :2] = 1
        >>> drawn = draw_difference(np.full((4, 4), 100, np.uint8), a, a, SEVERSTAL, 1)
        >>> drawn[0, 0].tolist(), drawn[0, 3].tolist()
        ([162, 119, 24], [60, 60, 60])
    """
    picture = to_luma(picture)
    height, across = picture.shape
    size = max(1, round(across * scale)), max(1, round(height * scale))
    sampling = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST

    def sized(plane: np.ndarray) -> np.ndarray:
        # Any pixel instead of the nearest, so that thin differences stay visible.
        return cv2.resize(plane.astype(np.float32), size, interpolation=sampling) > 0

    grey = cv2.resize(picture, size, interpolation=sampling)[..., None] * _DIM
    drawn = np.repeat(grey, 3, axis=2)  # (H * scale, W * scale, 3)
    y, x = np.mgrid[: size[1], : size[0]]
    rising, falling = (x + y) % _STRIPE < _STRIPE / 2, (x - y) % _STRIPE < _STRIPE / 2
    for class_id, plane in class_planes(a & b, spec):
        tinted = sized(plane)
        drawn[tinted] = 0.4 * grey[tinted] + 0.6 * np.array(rgb(class_id))
    sides = [(b & ~a, falling, 255), (a & ~b, rising, 0)]
    for bits, _, between in sides:
        drawn[sized(bits != 0)] = between
    for bits, stripes, _ in sides:
        for class_id, plane in class_planes(bits, spec):
            drawn[sized(plane) & stripes] = rgb(class_id)
    return drawn.round().astype(np.uint8)


def difference_figure(
    picture: np.ndarray, a: np.ndarray, b: np.ndarray, spec: Spec, title: str, names: tuple[str, str]
) -> Sheet:
    """Show a picture, the masks of two submissions and their difference.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours, drawn by its luma.
        a: (H, W) bitmask, bit k - 1 for class k.
        b: likewise.
        spec: names the classes.
        title: title of the figure, such as the name of the image.
        names: names of the two submissions.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> picture, a = np.zeros((256, 1600), np.uint8), np.zeros((256, 1600), np.uint8)
        >>> b = a.copy()
        >>> b[100:150, 300:400] = 4
        >>> figure = difference_figure(picture, a, b, SEVERSTAL, "a.jpg", ("one.csv", "two.csv"))
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['picture', 'A one.csv: clean', 'B two.csv: class 3 (5,000 px)', 'class 3: only in B']
    """
    height, across = picture.shape[:2]
    columns = 1 if across > 2.5 * height else 2
    rows = 4 // columns
    cell = FIGURE_WIDTH / columns - 0.2
    tall = min(cell * height / across, _TALLEST)
    wide = tall * across / height
    figure, axes = sheet(FIGURE_WIDTH, rows * (tall + 0.3) + 0.4, title, "", rows, columns)
    figure.get_layout_engine().set(w_pad=0.05, h_pad=0.03, wspace=0, hspace=0)
    empty = np.zeros_like(a)
    shown = [
        (empty, "picture"),
        *(
            (bits, f"{side} {name}: {describe_mask(bits, spec)}")
            for side, name, bits in zip("AB", names, (a, b), strict=True)
        ),
        (None, describe_difference(a, b, spec)),
    ]
    for place, (bits, caption) in zip(axes.flat, shown, strict=True):
        if bits is None:
            place.imshow(
                draw_difference(picture, a, b, spec, 2 * wide * DPI / across), extent=(0, across, height, 0)
            )
        else:
            show_mask(place, picture, bits, spec, wide)
        place.set_title(truncate(caption, int(13 * cell)), fontsize=TEXT_SIZE, loc="left", pad=3)
        place.set_xticks([])
        place.set_yticks([])
    legend_below(
        figure,
        [
            Patch(facecolor="#808080", label="in both"),
            Patch(facecolor="#808080", edgecolor="black", linewidth=0, hatch="/////", label="only in A"),
            Patch(facecolor="#808080", edgecolor="white", linewidth=0, hatch="\\\\\\\\\\", label="only in B"),
        ],
    )
    return figure


def describe_difference(a: np.ndarray, b: np.ndarray, spec: Spec) -> str:
    """The difference of two bitmasks in one line.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> describe_difference(np.array([[1, 1, 4]], np.uint8), np.array([[1, 0, 0]], np.uint8), SEVERSTAL)
        'class 1: Dice 0.667, 1 px only in A, 0 px only in B; class 3: only in A'
    """
    parts = []
    for class_id, _ in class_planes(a ^ b, spec):
        label = class_label(spec, class_id)
        one, two = (bits >> (class_id - 1) & 1 for bits in (a, b))
        if not (one.any() and two.any()):
            parts.append(f"{label}: only in {'A' if one.any() else 'B'}")
            continue
        only_a, only_b, both = (int(part.sum()) for part in (one & ~two, two & ~one, one & two))
        dice = 2 * both / (2 * both + only_a + only_b)
        parts.append(f"{label}: Dice {dice:.3f}, {only_a:,} px only in A, {only_b:,} px only in B")
    return "; ".join(parts) or "no difference"


def save_differences(
    folder: str | Path,
    difference: SubmissionDifference,
    masks: tuple[Masks, Masks],
    names: tuple[str, str],
    most: int,
    spec: Spec,
    data: InputFolder | None,
) -> list[str]:
    """Write all differences to `differences.csv`, and pictures of the images with the largest.

    Args:
        folder: created if it does not exist.
        difference: difference of B from A.
        masks: masks of A and B.
        names: names of A and B.
        most: maximum number of differences whose images are drawn.
        spec: names the classes.
        data: input folder with the pictures; None if there is none.

    Returns:
        Names of these images without a picture, which are only in the table.

    Raises:
        SeverstalError: a file cannot be written, or a picture cannot be read.
    """
    folder = Path(folder)
    folders = [data.test_images, data.train_images] if data else []
    images = difference.table["ImageId"].head(most).unique()
    files: dict[str, str] = {}
    for rank, image in enumerate(progress(images, "draw differences"), start=1):
        # A name from a table is untrusted: it must be a plain file name in one of the two folders.
        places = [place / image for place in folders if Path(image).name == image]
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            continue
        files[image] = f"{rank:03d}_{re.sub(r'[^A-Za-z0-9.-]+', '_', Path(image).stem)[:80]}.png"
        drawn = [side[image] for side in masks]
        figure = difference_figure(read_picture(path, spec), *drawn, spec, image, names)
        with atomic_write(folder / files[image]) as part:
            figure.savefig(part, format="png")
    table = difference.table.assign(picture=[files.get(image, "") for image in difference.table["ImageId"]])
    with atomic_write(folder / "differences.csv") as part:
        table.to_csv(part, index=False)
    return [image for image in images if image not in files]
