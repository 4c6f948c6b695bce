"""Masks as PNG: one indexed picture each, or one folder per class.

The indexed form is that of PASCAL VOC's `SegmentationClass`, which LabelMe's and CVAT's exports share:
index k is `ClassId` k, 0 is none. A pixel there has one class; where classes overlap, the form with one
folder per class holds them.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from severstal.annotations.folder import files_of
from severstal.annotations.labels import LabelSet, Picture, Shape
from severstal.annotations.outside import read_bytes
from severstal.annotations.pictures import read_indices, write_indices
from severstal.annotations.target import Target
from severstal.competition.rle import decode
from severstal.errors import SeverstalError
from severstal.files import atomic_folder


def palette() -> bytes:
    """PASCAL VOC's 256 colours, in which such masks are known: red is made of bits 0, 3 and 6, and so on.

    Source: `VOClabelcolormap` of the VOC 2012 development kit.

    Example:
        >>> list(palette()[:12])
        [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]
    """
    index = np.arange(256)[:, None] >> np.arange(3)  # (256, 3), the bits that each channel takes
    channels = sum(((index >> 3 * step) & 1) << (7 - step) for step in range(3))
    return channels.astype(np.uint8).tobytes()


def index_picture(image: str, rows: Mapping[int, str], labels: LabelSet) -> np.ndarray:
    """Draw the classes of a picture as numbers.

    Args:
        image: name of the image, for error messages.
        rows: run-length texts by `ClassId`.
        labels: labels that the image is from.

    Returns:
        (H, W) uint8: the `ClassId` of each pixel, 0 for none.

    Raises:
        SeverstalError: two classes overlap.
    """
    indices = np.zeros(labels.spec.shape_of(image), np.uint8)
    for class_id, runs in rows.items():
        mask = decode(runs, labels.spec.shape_of(image)).view(bool)
        taken = indices[mask]
        if taken.any():
            one, two = (labels.spec.classes[k - 1] for k in (taken.max(), class_id))
            raise SeverstalError(
                f"{image}: {one!r} and {two!r} overlap in {np.count_nonzero(taken)} pixels, "
                "and a pixel of an indexed PNG has one class: export png-classes or another format"
            )
        indices[mask] = class_id
    return indices


def write(labels: LabelSet, path: Path) -> None:
    """Write a folder with an indexed PNG per picture, clean ones too.

    Raises:
        SeverstalError: two classes overlap, two pictures differ in their ending alone, or the folder holds
            something already.
    """
    names, colours = labels.files(".png"), palette()
    with atomic_folder(path) as part:
        for image, rows in labels:
            data = write_indices(index_picture(image, rows, labels), colours)
            (part / names[image]).write_bytes(data)


def write_classes(labels: LabelSet, path: Path) -> None:
    """Write one folder per class, named by its `ClassId`, with a black and white PNG per picture.

    Raises:
        SeverstalError: two pictures differ in their ending alone, or the folder holds something already.
    """
    names = labels.files(".png")
    with atomic_folder(path) as part:
        for class_id in labels.spec.class_ids:
            (part / str(class_id)).mkdir()
        for image, rows in labels:
            shape = labels.spec.shape_of(image)
            for class_id in labels.spec.class_ids:
                runs = rows.get(class_id)
                data = _clean(shape) if runs is None else write_indices(decode(runs, shape) * np.uint8(255))
                (part / str(class_id) / names[image]).write_bytes(data)


@lru_cache(maxsize=64)
def _clean(shape: tuple[int, int]) -> bytes:
    """The mask of a clean picture, which most are."""
    return write_indices(np.zeros(shape, np.uint8))


def read(path: Path, target: Target) -> Iterator[Picture]:
    """Read a folder of indexed or grey PNGs, the value of a pixel being its `ClassId`.

    Other values are mapped by `target.classes`, as `255=0` for a background of 255 or `128=2`; where there is
    one class, 255 stands for it by default.

    Raises:
        SeverstalError: a file is no such PNG, belongs to no picture, has another size, or a value that is no
            class.
    """
    meaning = _meaning(target)
    for file in files_of(path, ".png"):
        image = target.image_of_stem(file.stem, str(file))
        if image not in target.known:
            yield Picture(str(file), image, iter(()))
            continue
        indices = read_indices(read_bytes(file), target.spec.shape_of(image), str(file))
        target.check_size(image, *indices.shape, str(file))
        unknown = [value for value in np.unique(indices).tolist() if value not in meaning]
        if unknown:
            raise SeverstalError(
                f"{file}: index {unknown[-1]} is not one of the classes 1 to {len(target.spec.classes)}: "
                f"assign a class with --classes {unknown[-1]}=1, or {unknown[-1]}=0 for background"
            )
        shapes = [
            Shape(str(file), class_id, indices == value)
            for value, class_id in meaning.items()
            if class_id and (indices == value).any()
        ]
        yield Picture(str(file), image, iter(shapes))


def read_classes(path: Path, target: Target) -> Iterator[Picture]:
    """Read one folder per class, named by its `ClassId`, with PNGs in which all but the background is set.

    The background is 0, or the value that `target.classes` gives class 0, as `255=0`. In a mask of black,
    white and greys between, as smoothed or once JPEG-compressed ones are, greys nearer to the background
    count as such. A picture that stands in some of the folders has none of the other classes.

    Raises:
        SeverstalError: none of the folders is there, or as `read`.
    """
    folders = {k: path / str(k) for k in target.spec.class_ids if (path / str(k)).is_dir()}
    if not folders:
        raise SeverstalError(
            f"{path}: holds no folder named {target.spec.class_ids[0]}: name one folder per class"
        )
    files: dict[str, list[tuple[int, Path]]] = {}
    for class_id, folder in folders.items():
        for file in files_of(folder, ".png"):
            files.setdefault(file.name, []).append((class_id, file))
    for name, of_class in sorted(files.items()):
        image = target.image_of_stem(Path(name).stem, str(of_class[0][1]))
        yield Picture(str(path / "*" / name), image, _masks(image, of_class, target))


def _meaning(target: Target) -> dict[int, int]:
    """The class of each value, 0 for the background."""
    named = {int(label): k for label, k in target.classes.items() if label.isdecimal() and len(label) < 4}
    meaning = {0: 0} | {k: k for k in target.spec.class_ids}
    if len(target.spec.classes) == 1:
        meaning[255] = 1
    return meaning | named


def _masks(image: str, files: list[tuple[int, Path]], target: Target) -> Iterator[Shape]:
    background = next((value for value, k in _meaning(target).items() if value and not k), 0)
    for class_id, file in files:
        indices = read_indices(read_bytes(file), target.spec.shape_of(image), str(file))
        target.check_size(image, *indices.shape, str(file))
        apart = np.abs(indices.astype(np.int16) - background)
        if {0, 255} <= set(np.unique(indices).tolist()):
            apart = apart >= 128  # greys between black and white belong to the nearer one
        if apart.any():
            yield Shape(str(file), class_id, apart != 0)
