"""The predictor: a model's networks and rules, applied to any picture without the training data."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from severstal.decision.draw import apply
from severstal.decision.rules import ClassRule, Rules
from severstal.deploy.defects import find_defects
from severstal.deploy.model import Model, ModelDescription
from severstal.deploy.opening import open_model
from severstal.deploy.planes import ProbabilityPlanes
from severstal.deploy.result import ClassVerdict, Result, Speed
from severstal.deploy.sources.read_ahead import SourcePicture, read_ahead
from severstal.deploy.sources.several import Unreadable, is_many, open_many, open_one
from severstal.deploy.sources.source import PendingPicture
from severstal.deploy.tiles.blend import blend_tiles
from severstal.deploy.tiles.draw import draw_tiled
from severstal.deploy.tiles.layout import plan_tiles
from severstal.deploy.unusual import never_drawn, warnings_of_picture
from severstal.errors import SeverstalError

logger = logging.getLogger("severstal")

_TILE = (512, 512)  # where the training pictures differ in size, and the run recorded no statistics
_NEVER = 1 << 60  # pixels, more than any picture has


class Predictor:
    """Segments pictures as a run's submission does: mean of its folds and flips, then its rules.

    Pictures of the training size get the very masks of the submission. Others are padded where the networks
    need it, and larger ones are predicted in overlapping tiles of the training size; `deploy.tiles.draw` says
    how rules apply to them. Pictures are read by the rules of training: 16 bits, transparency, EXIF.

    Args:
        model: model that computes probabilities.
        threshold: above 0 and at most 1; every class is drawn wherever its probability reaches it, in place
            of the model's rules (gates, minimum areas and smallest components included). None keeps these.
        mm_per_pixel: side of a pixel in millimetres; None takes the model's, if it knows one.
        tile: height and width of tiles; None takes the size of the training pictures, of the largest
            where they differ. Smaller ones need less
            memory.

    Attributes:
        model: the model, as given.
        rules: rules in use.
        mm_per_pixel: side of a pixel in use, in millimetres, or None.
        tile: height and width of tiles in use.

    Raises:
        SeverstalError: threshold, size of a pixel or tile are out of range.

    Example:
        `severstal.load("runs/smoke-sample")("a.jpg").defects` are the defects of a picture file.
    """

    def __init__(
        self,
        model: Model,
        threshold: float | None = None,
        mm_per_pixel: float | None = None,
        tile: tuple[int, int] | None = None,
    ) -> None:
        if mm_per_pixel is not None and not 0 < mm_per_pixel < float("inf"):
            raise SeverstalError(f"mm_per_pixel is {mm_per_pixel}: give a length above 0")
        if tile is not None and not (len(tile) == 2 and min(tile) >= 1):
            raise SeverstalError(f"tile is {tile}: give height and width in pixels")
        self.model = model
        self.rules = _rules(model.description, threshold)
        self.mm_per_pixel = model.description.mm_per_pixel if mm_per_pixel is None else mm_per_pixel
        self.tile = tile or usual_tile(model.description)
        self._never_drawn = () if threshold is not None else tuple(never_drawn(model.description))

    @property
    def description(self) -> ModelDescription:
        """What is known of the model."""
        return self.model.description

    def __call__(
        self, source: Any, recursive: bool = False, strict: bool = False
    ) -> Result | Iterator[Result]:
        """Segment one picture, or many.

        Args:
            source: one picture: a path, bytes, an open file, an array (grey or colour, 8 or 16 bits, or
                floats from 0 to 1), or a picture of Pillow. Many: a list or another iterable of these, a
                folder, a glob pattern, a video, or a file with several pages or frames.
            recursive: whether folders are searched with their subfolders.
            strict: whether, among many, the first picture that cannot be read raises its error. Else such
                pictures are left out, and a warning in the log names each.

        Returns:
            A `Result` for one picture; for many an iterator of results, in order, in batches and in constant
            memory.

        Raises:
            SeverstalError: the one picture cannot be read, or the source is nothing that pictures are read
                from.
        """
        if is_many(source):
            return self._many(source, recursive, strict)
        found = next(self.results([open_one(source)], readers=1))
        if isinstance(found, tuple):
            raise found[1]
        return found

    def results(
        self, sources: Iterable[PendingPicture | Unreadable], readers: int = 2
    ) -> Iterator[Result | Unreadable]:
        """Segment sources in their order; what cannot be read takes its place as name and error.

        Pictures of one size that follow each other make a batch. The next ones are read meanwhile.

        Args:
            sources: sources as `deploy.sources` opens them.
            readers: threads that read.
        """
        batch: list[SourcePicture] = []
        for found in read_ahead(
            sources, readers, readers + self.model.batch_size, self.description.spec.channels
        ):
            if not isinstance(found, SourcePicture):
                yield from self._whole(batch)
                batch = []
                yield found
                continue
            if batch and batch[0].picture.shape != found.picture.shape:
                yield from self._whole(batch)
                batch = []
            if self._is_tiled(found.picture):
                yield self._in_tiles(*found)
                continue
            batch.append(found)
            if len(batch) >= self.model.batch_size:
                yield from self._whole(batch)
                batch = []
        yield from self._whole(batch)

    def _many(self, source: Any, recursive: bool, strict: bool) -> Iterator[Result]:
        for found in self.results(open_many(source, recursive)):
            if isinstance(found, Result):
                yield found
            elif strict:
                raise found[1]
            else:
                logger.warning("%s", found[1])

    def _is_tiled(self, picture: np.ndarray) -> bool:
        return plan_tiles(picture.shape[:2], self.tile, self.description.stride) is not None

    def _whole(self, batch: list[SourcePicture]) -> Iterator[Result]:
        """The results of pictures of one size that need no tiles."""
        if not batch:
            return
        start = perf_counter()
        said = self.model.probabilities(np.stack([each.picture for each in batch]))
        network = (perf_counter() - start) * 1000 / len(batch)
        for row, (source, picture, reading) in enumerate(batch):
            start = perf_counter()
            planes = ProbabilityPlanes(said.maps[row], picture.shape[:2])
            spread = None if said.spread is None else ProbabilityPlanes(said.spread[row], picture.shape[:2])
            spec = replace(self.description.spec, image_shape=picture.shape[:2])
            bits = apply(planes.full(), self.rules, spec, said.classes[row], picture)
            yield self._result(
                source, picture, bits, planes, spread, said.classes[row], reading, network, start
            )

    def _in_tiles(self, source: PendingPicture, picture: np.ndarray, reading: float) -> Result:
        description, start = self.description, perf_counter()
        tiling = plan_tiles(picture.shape[:2], self.tile, description.stride)
        scale = description.map_scale
        said = blend_tiles(picture, tiling, self.model.probabilities, self.model.batch_size, scale)
        network = (perf_counter() - start) * 1000
        start = perf_counter()
        planes = ProbabilityPlanes(said.maps, picture.shape[:2], scale)
        spread = None if said.spread is None else ProbabilityPlanes(said.spread, picture.shape[:2], scale)
        bits = draw_tiled(planes, said.classes, tiling, self.rules, description.spec, picture)
        highest = said.classes.max(axis=0)
        return self._result(source, picture, bits, planes, spread, highest, reading, network, start)

    def _result(
        self,
        source: PendingPicture,
        picture: np.ndarray,
        bits: np.ndarray,
        planes: ProbabilityPlanes,
        spread: ProbabilityPlanes | None,
        classes: np.ndarray,
        reading: float,
        network: float,
        start: float,
    ) -> Result:
        spec = self.description.spec
        defects = find_defects(bits, spec, planes, spread, self.mm_per_pixel)
        areas = {class_id: 0 for class_id in spec.class_ids}
        for defect in defects:
            areas[defect.class_id] += defect.area
        verdicts = tuple(
            ClassVerdict(
                class_id, name, round(int(probability) / 255, 4), areas[class_id] > 0, areas[class_id]
            )
            for class_id, name, probability in zip(spec.class_ids, spec.classes, classes, strict=True)
        )
        warnings = (*warnings_of_picture(picture, self.description.statistics), *self._never_drawn)
        return Result(
            name=source.name,
            path=source.path,
            frame=source.frame,
            picture=picture,
            mask=bits,
            spec=spec,
            classes=verdicts,
            defects=defects,
            speed=Speed(round(reading, 2), round(network, 2), round((perf_counter() - start) * 1000, 2)),
            model=self.description.name,
            warnings=warnings,
            planes=planes,
        )


def load_predictor(
    path: str | Path,
    device: str | None = None,
    threshold: float | None = None,
    mm_per_pixel: float | None = None,
    tile: tuple[int, int] | None = None,
) -> Predictor:
    """Load a run, an ensemble of runs or a release; see `Predictor` and `deploy.opening.open_model`."""
    return Predictor(open_model(path, device), threshold, mm_per_pixel, tile)


def usual_tile(description: ModelDescription) -> tuple[int, int]:
    """Height and width of tiles: the size of the training pictures, of the largest where they differ."""
    if description.spec.image_shape is not None:
        return description.spec.image_shape
    sizes = description.statistics
    return _TILE if sizes is None else (int(sizes.height.high), int(sizes.width.high))


def _rules(description: ModelDescription, threshold: float | None) -> Rules:
    """The model's rules, with what is never drawn so at any size; or one threshold for all classes."""
    rules, spec = description.rules, description.spec
    if threshold is not None:
        return replace(rules, rules=(ClassRule(threshold, threshold, 0),) * len(spec.classes))
    kept = [replace(rule, min_area=_NEVER) if rule.is_never_drawn(spec) else rule for rule in rules.rules]
    return replace(rules, rules=tuple(kept))
