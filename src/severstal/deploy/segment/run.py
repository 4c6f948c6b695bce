"""Segmentation of files into a folder, which goes on where it was stopped."""

import hashlib
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from severstal.deploy.formats.plain import result_to_json
from severstal.deploy.formats.save import result_file, save_result, write_png
from severstal.deploy.overlay.contact import contact_sheet
from severstal.deploy.predictor import Predictor
from severstal.deploy.result import Result
from severstal.deploy.segment.names import OutputNames
from severstal.deploy.segment.records import Records
from severstal.deploy.segment.tables import write_tables
from severstal.deploy.sources.several import Unreadable, open_many
from severstal.deploy.sources.source import PendingPicture
from severstal.errors import SeverstalError
from severstal.files import digest, exclusive_lock
from severstal.path_checks import refuse_links_outside
from severstal.progress import progress

logger = logging.getLogger("severstal")

CONTACT_SHEET = "contact.png"

PER_PICTURE = ("overlay", "mask", "json", "labelme")  # the others are one file for all pictures


@dataclass(frozen=True)
class Segmented:
    """What `segment_files` did.

    Attributes:
        pictures: how many have their outputs now.
        kept: how many of these had them already.
        defects: number of defects in all of them.
        defective: pictures with a defect.
        unreadable: one line for each picture that could not be read.
    """

    pictures: int
    kept: int
    defects: int
    defective: int
    unreadable: tuple[str, ...]


def segment_files(
    predictor: Predictor,
    sources: Sequence[str | Path],
    output: str | Path,
    formats: Sequence[str] = ("overlay", "csv"),
    recursive: bool = False,
    jobs: int = 2,
    strict: bool = False,
) -> Segmented:
    """Segment picture files, folders, globs and videos, and write a folder.

    Per picture there are `NAME.overlay.png`, `NAME.mask.png`, `NAME.json` and `NAME.labelme.json`; for all
    together `defects.csv` and `masks.csv`, `coco.json`, and with overlays `contact.png`, on which the
    pictures with the largest defects come first. `records.jsonl` holds what was found in each. A picture
    whose outputs are there, made by the same model and settings from the same bytes, is left alone.

    Args:
        predictor: predictor of a model.
        sources: paths of files and folders, or patterns.
        output: folder to write; no folder that is searched for pictures.
        formats: any of `deploy.formats.save.ResultFormat`.
        recursive: whether folders are searched with their subfolders.
        jobs: threads that read pictures, and as many that write.
        strict: whether the first picture that cannot be read ends everything.

    Returns:
        What was done; pictures that cannot be read are left out and named there.

    Raises:
        SeverstalError: two sources share a name, the folder cannot be written or is searched for pictures, or
            `strict` and a picture cannot be read.
    """
    output, formats = Path(output), tuple(dict.fromkeys(formats))
    for format in formats:
        result_file(output, "", format)  # which knows the formats
    _refuse_output_among_sources(output, sources, recursive)
    refuse_links_outside(output)
    with exclusive_lock(output, "another process that segments into this folder"):
        job = _Job(predictor, output, formats)
        with ThreadPoolExecutor(jobs) as pool:
            written: deque[Future[None]] = deque()
            for found in progress(
                predictor.results(job.remaining(open_many(sources, recursive)), jobs),
                "segment",
                unit="picture",
            ):
                if isinstance(found, Result):
                    written.append(pool.submit(job.write, found, *job.waiting.popleft()))
                    while len(written) > 2 * jobs:
                        written.popleft().result()
                else:
                    job.leave_out(found, strict)
            for each in written:
                each.result()
        return job.finish()


class _Job:
    """What has been done so far in one output folder."""

    def __init__(self, predictor: Predictor, output: Path, formats: tuple[str, ...]) -> None:
        self._output, self._formats, self._spec = output, formats, predictor.description.spec
        self._records = Records(output)
        self._settings = [
            predictor.description.key,
            predictor.rules.to_json(),
            predictor.mm_per_pixel,
            predictor.tile,
            "coco" in formats,  # whose records hold the outlines, too
        ]
        self._names, self._order, self._kept = OutputNames(), list[str](), 0
        self._unreadable: list[str] = []
        self._lock = Lock()
        self.waiting: deque[tuple[str, str]] = deque()
        """Name and key of what the predictor has in work, in order."""

    def remaining(
        self, sources: Iterable[PendingPicture | Unreadable]
    ) -> Iterator[PendingPicture | Unreadable]:
        """The sources whose outputs are not yet there."""
        for source in sources:
            if isinstance(source, tuple):
                self.waiting.append(("", ""))
                yield source
                continue
            try:
                name = self._names.claim(source)
            except SeverstalError as error:
                self.waiting.append(("", ""))
                yield source.label, error
                continue
            key = digest([*self._settings, _source_key(source)])
            record = self._records.find(name, key)
            if record is not None and self._has_files(name):
                self._order.append(name)
                self._kept += 1
                continue
            self.waiting.append((name, key))
            yield source

    def write(self, result: Result, name: str, key: str) -> None:
        """Write one picture's files, then its record."""
        named = replace(result, name=Path(name).name)
        save_result(named, self._output / Path(name).parent, self._wanted)
        record = {
            "key": key,
            "result": result_to_json(result, "coco" in self._formats),
            "rle": result.to_rle(),
            "output": name,
        }
        with self._lock:
            self._records.add(name, record)
            self._order.append(name)

    def leave_out(self, found: Unreadable, strict: bool) -> None:
        """Note a source that cannot be read."""
        self.waiting.popleft()
        if strict:
            raise found[1]
        self._unreadable.append(str(found[1]))

    def finish(self) -> Segmented:
        """Write the tables and the contact sheet."""
        order = sorted(self._order)
        self._records.compact()

        def records() -> Iterator[dict[str, Any]]:
            return self._records.each(order)

        write_tables(self._output, records, self._spec, self._formats)
        areas, defects = [], 0
        for record in records():
            of_picture = record["result"]["defects"]
            defects += len(of_picture)
            areas.append((-sum(defect["area"] for defect in of_picture), record["output"]))
        if "overlay" in self._formats:
            paths = [result_file(self._output, name, "overlay") for _, name in sorted(areas)]
            if (sheet := contact_sheet(paths)) is not None:
                write_png(sheet, self._output / CONTACT_SHEET)
        defective = sum(area < 0 for area, _ in areas)
        return Segmented(len(order), self._kept, defects, defective, tuple(self._unreadable))

    @property
    def _wanted(self) -> tuple[str, ...]:
        return tuple(format for format in self._formats if format in PER_PICTURE)

    def _has_files(self, name: str) -> bool:
        return all(result_file(self._output, name, format).is_file() for format in self._wanted)


def _source_key(source: PendingPicture) -> list[Any]:
    """What tells a source's bytes: the checksum of the file, and the frame."""
    if source.path is None:
        return [source.name]
    facts = source.path.stat() if source.path.exists() else None
    if facts is None:
        return [str(source.path)]
    return [_file_checksum(source.path, facts.st_size, facts.st_mtime_ns), source.frame]


@lru_cache(maxsize=8)  # of a video, all frames ask for the same
def _file_checksum(path: Path, size: int, time: int) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # which is said when it is read
        return ""


def _refuse_output_among_sources(output: Path, sources: Sequence[str | Path], recursive: bool) -> None:
    place = output.resolve()
    for source in map(Path, sources):
        folder = source.resolve() if source.is_dir() else source.parent.resolve()
        searched = source.is_dir() or not source.exists()  # a pattern, else
        if searched and (place == folder or (recursive and folder in place.parents)):
            raise SeverstalError(f"{output}: is searched for pictures ({source}): name another folder")
