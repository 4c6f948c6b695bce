"""Decode the pictures of a job once, into a file that all runs share."""

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from severstal.competition.spec import Spec
from severstal.data.catalogue import Catalogue, Entry, Source
from severstal.data.images import ImageStore, PictureFolder, Pictures
from severstal.data.pictures import decode_picture
from severstal.errors import SeverstalError
from severstal.files import digest, exclusive_lock, explain_os_error
from severstal.progress import progress

logger = logging.getLogger("severstal")

BLOCK_BYTES = 1 << 29  # of pictures between two lines, and of those that are decoded at once
BLOCK = 128  # pictures between two lines of progress that survive a kill: 52 MB of Severstal's


def open_pictures(images: str | Path, names: Sequence[str], spec: Spec, folder: str | Path) -> Pictures:
    """Open pictures, decoding those that `folder` does not hold yet.

    Every picture is decoded at least once before this returns, so that a damaged one is found here. The
    cached facts of a picture are valid as long as size and time of its file are unchanged; a changed picture
    is decoded again. An interrupted build resumes; a second one at the same time waits for the first.
    Pictures that were replaced leave unused rows behind; once these outnumber the used ones, the file is
    rebuilt.

    Args:
        images: folder of the picture files.
        names: names of the pictures, in order, each once.
        spec: specification with the shape that they must have, if they have the same.
        folder: folder of the decoded pictures, for one folder of picture files.

    Returns:
        An `ImageStore`; where the disk is too small for it, a `PictureFolder`, with a logged note.

    Raises:
        SeverstalError: a picture is absent, damaged or of the wrong shape (see `read_picture`), or `folder`
            may not be written.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> images = Path(tempfile.mkdtemp())
        >>> Image.new("L", (3, 2), 77).save(images / "a.png")
        >>> pictures = open_pictures(images, ["a.png"], Spec("tiny", (2, 3), ("scratch",)), images / "store")
        >>> pictures.picture("a.png").tolist()
        [[77, 77, 77], [77, 77, 77]]
    """
    images, folder = Path(images), Path(folder)
    try:
        with exclusive_lock(folder, "another process that decodes these pictures"):
            return _open(images, names, spec, folder)
    except OSError as error:
        raise explain_os_error(error, folder) from error


def _open(images: Path, names: Sequence[str], spec: Spec, folder: Path) -> Pictures:
    try:
        sources = [Source.of(images / name) for name in names]
    except FileNotFoundError as error:
        raise SeverstalError(
            f"{error.filename}: no such picture: put it back or take its rows out of the tables"
        ) from None
    catalogue = Catalogue(folder, spec.image_shape, spec.channels)
    if _without_row(catalogue, sources) and _is_mostly_unused(catalogue, images):
        catalogue.begin_anew()

    lacking = _without_row(catalogue, sources)
    need, free = sum(_bytes_of(source, spec) for source in lacking), shutil.disk_usage(folder).free
    keep = need <= free
    if not keep:
        logger.warning(
            "%s: the decoded pictures need %.1f GB, the disk has %.1f GB: reading the picture files each "
            "time instead, which is slower",
            folder,
            need / 1e9,
            free / 1e9,
        )
        lacking = [source for source in sources if not _is_known(catalogue, source)]
    for block in _decode(images, lacking, spec):
        _add(catalogue, block, keep)

    entries = [catalogue.entries[name] for name in names]
    checksum = digest([[entry.name, entry.pixels] for entry in entries])
    if not keep:
        return PictureFolder(names, checksum, images, spec)
    places = ([of(name) for name in names] for of in (catalogue.offset_of, catalogue.shape_of))
    return ImageStore(names, checksum, catalogue.pixels, *places)


def _bytes_of(source: Source, spec: Spec) -> int:
    """Bytes of a decoded picture; 0 where it has its own shape and cannot be read, which decoding reports."""
    shape = spec.find_shape(source.name)
    return 0 if shape is None else shape[0] * shape[1] * spec.channels


def _is_known(catalogue: Catalogue, source: Source) -> bool:
    entry = catalogue.entries.get(source.name)
    return entry is not None and entry.source == source


def _without_row(catalogue: Catalogue, sources: Sequence[Source]) -> list[Source]:
    return [
        source
        for source in sources
        if not _is_known(catalogue, source) or catalogue.entries[source.name].row is None
    ]


def _is_mostly_unused(catalogue: Catalogue, images: Path) -> bool:
    there = {entry.name for entry in os.scandir(images)}
    kept = [entry for entry in catalogue.entries.values() if entry.row is not None and entry.name in there]
    used = sum(entry.rows for entry in kept if _is_known(catalogue, Source.of(images / entry.name)))
    return used < catalogue.rows / 2


def _add(catalogue: Catalogue, block: list[tuple[Source, np.ndarray, str]], keep: bool) -> None:
    """Write the pixels of a block that are not stored yet, then their lines in the catalogue."""
    entries, rows = [], catalogue.rows
    catalogue.pixels.touch()
    with catalogue.pixels.open("r+b") as file:
        file.truncate(rows * catalogue.row_bytes)  # cuts off rows that a kill left without their lines
        file.seek(0, os.SEEK_END)
        for source, picture, pixels in block:
            known = catalogue.entries.get(source.name)
            row = known.row if known is not None and known.pixels == pixels else None
            if row is None and keep:
                file.write(picture.data)
                row, rows = rows, rows + -(-picture.nbytes // catalogue.row_bytes)
            shape = picture.shape if catalogue.image_shape is None else None
            entries.append(Entry(source.name, source.bytes, source.time, pixels, row, shape))
        file.flush()
        os.fsync(file.fileno())
    catalogue.add(entries)


def _decode(
    images: Path, sources: Sequence[Source], spec: Spec
) -> Iterator[list[tuple[Source, np.ndarray, str]]]:
    """Decode in parallel, in order, a block of pictures at a time, each with its checksum."""
    upright: list[str] = []

    def decode(source: Source) -> tuple[Source, np.ndarray, str]:
        picture, turned = decode_picture(images / source.name, spec)
        if turned:
            upright.append(source.name)
        checksum = hashlib.blake2b(picture, digest_size=16)
        if spec.image_shape is None:
            checksum.update(str(picture.shape).encode())
        return source, picture, checksum.hexdigest()

    # Threads, not processes: Pillow and hashlib let go of the interpreter, and no pixel has to travel.
    with (
        progress(sources, f"decode {images.name}") as bar,
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
    ):
        for part in _blocks(sources, spec):
            block = []
            for decoded in pool.map(decode, part):
                block.append(decoded)
                bar.update()
            yield block
    if upright:
        logger.info("%s: %d pictures turned upright by their EXIF orientation", images, len(upright))


def _blocks(sources: Sequence[Source], spec: Spec) -> Iterator[list[Source]]:
    """Split pictures into blocks of at most `BLOCK` pictures and, but for a single one, `BLOCK_BYTES`."""
    block, held = [], 0
    for source in sources:
        size = _bytes_of(source, spec)
        if block and (len(block) == BLOCK or held + size > BLOCK_BYTES):
            yield block
            block, held = [], 0
        block.append(source)
        held += size
    if block:
        yield block
