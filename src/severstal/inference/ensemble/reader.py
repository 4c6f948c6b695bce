"""Maps of several runs of the same pictures, read as the maps of one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.inference.ensemble.combiner import Combiner
from severstal.inference.maps import MapLayout, MapReader, enlarge


class EnsembleReader:
    """Reads the average of the members' maps, which is computed on access.

    Args:
        readers: readers of the members, with maps of the same pictures.
        combiner: combiner with one weight per member.
        folds: for out-of-fold maps, the fold of each image by its name. Where the combiner's weights were
            selected on labelled images, the maps of a fold are averaged with the weights selected without
            that fold, so that nothing is judged on the images that it was selected on.

    Attributes:
        folder: folder of the first member's maps, for messages.
        layout: layout of the averaged maps; `layout.key` is a checksum of members and combiner.
        spec: shape and classes of the pictures.
        names: names of the images, in the first member's order.
        class_probability: (N, C) uint8, averaged as the maps are.

    Raises:
        SeverstalError: the members are of different inputs, folds, classes or images.
        ValueError: there are more or fewer weights than members, or an image has no fold.

    Example:
        `EnsembleReader([MapReader("runs/a/oof"), MapReader("runs/b/oof")], Combiner("mean", (1, 1)))[0]`
        is the mean map of the first image, (C, h, w) uint8.
    """

    def __init__(
        self, readers: Sequence[MapReader], combiner: Combiner, folds: Mapping[str, int] | None = None
    ) -> None:
        if len(readers) != len(combiner.weights):
            raise ValueError(f"{len(readers)} members and {len(combiner.weights)} weights")
        require_same(readers)
        first = readers[0]
        self.readers, self.combiner = list(readers), combiner
        self.folder, self.spec, self.names = first.folder, first.spec, first.names
        scales = {reader.layout.scale for reader in readers}
        key = combiner.maps_key([reader.layout.key for reader in readers], held_out=folds is not None)
        fold_of = folds if folds is not None and combiner.fold_weights else None
        by_fold = {fold: combiner.without_fold(fold) for fold in combiner.fold_weights} if fold_of else {}
        if fold_of and (missing := [name for name in self.names if name not in fold_of]):
            raise ValueError(f"{missing[0]} has no fold")
        self._combiners = [
            by_fold.get(fold_of[name], combiner) if fold_of else combiner for name in self.names
        ]
        # Members of different resolutions meet in the picture's own.
        scale = scales.pop() if len(scales) == 1 else 1
        self.layout: MapLayout = replace(first.layout, run="ensemble", key=key, scale=scale)
        places = [{name: row for row, name in enumerate(reader.names)} for reader in readers]
        self._rows = [[place[name] for name in self.names] for place in places]
        probabilities = np.stack(
            [reader.class_probability[rows] for reader, rows in self._parts()]
        )  # (M, N, C)
        self.class_probability = np.empty_like(probabilities[0])
        for each in [combiner, *by_fold.values()]:
            rows = [row for row, used in enumerate(self._combiners) if used is each]
            if rows:
                self.class_probability[rows] = each(
                    probabilities[:, rows].swapaxes(1, 2)
                ).T  # classes come first

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> np.ndarray:
        """The averaged map of one image: (C, h, w) uint8."""
        index = range(len(self))[index]
        members = [reader[rows[index]] for reader, rows in self._parts()]
        if self.layout.scale == 1:
            members = [enlarge(member, self.spec.shape_of(self.names[index])) for member in members]
        return self._combiners[index](members)

    def full(self, index: int) -> np.ndarray:
        """The averaged map of one image in the picture's shape: (C, H, W) uint8."""
        return enlarge(self[index], self.spec.shape_of(self.names[index]))

    def require(self, spec: Spec) -> None:
        """Check that the maps are of a data set's classes and shapes.

        Raises:
            SeverstalError: they are not.
        """
        self.readers[0].require(spec)

    def _parts(self) -> zip:
        return zip(self.readers, self._rows, strict=True)


def require_same(readers: Sequence[MapReader]) -> None:
    """Check that members' maps may be averaged.

    Raises:
        SeverstalError: two are of different classes, images, pictures or folds.
    """
    for first, other in pairwise(readers):
        other.require(first.spec)
        apart = sorted(set(first.names) ^ set(other.names))
        if apart:
            there, lacks = (first, other) if apart[0] in set(first.names) else (other, first)
            raise SeverstalError(
                f"{lacks.folder}: has no map of {apart[0]}, which {there.folder} has ({len(apart)} such "
                "images): train both runs on the same input with the same data.max_images and train_folds"
            )
        for what, repair in (
            ("pictures", "predict both runs on the same input folder"),
            (
                "folds",
                "give both recipes the same seed and data.folds, so that no network saw what it judges",
            ),
        ):
            ours, theirs = first.layout.origin.get(what), other.layout.origin.get(what)
            if ours != theirs:
                raise SeverstalError(f"{other.folder}: other {what} than those of {first.folder}: {repair}")
