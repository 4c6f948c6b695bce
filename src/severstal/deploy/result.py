"""What a predictor says of one picture."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from severstal.competition.spec import Spec
from severstal.deploy.defects import Defect
from severstal.deploy.planes import ProbabilityPlanes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ClassVerdict:
    """What is said of one class in a picture.

    Attributes:
        id: `ClassId`, from 1.
        name: name of the class.
        probability: that the class is anywhere in the picture, 0 to 1; of a picture in tiles, the highest.
        found: whether it was drawn.
        area: pixels drawn.
    """

    id: int
    name: str
    probability: float
    found: bool
    area: int


@dataclass(frozen=True)
class Speed:
    """Milliseconds that a picture took; of a batch, its share.

    Attributes:
        reading: time for reading the file or array.
        network: probabilities.
        rules: masks and defects.
    """

    reading: float
    network: float
    rules: float


@dataclass(frozen=True, eq=False)
class Result:
    """The answer for one picture, at the picture's own size.

    Attributes:
        name: what its outputs are called, without an ending.
        path: the file, or None.
        frame: number of a video's frame or a file's page, from 0, or None.
        picture: (H, W) uint8 grey, or (H, W, 3) of colours, as the networks saw it.
        mask: (H, W) bitmask, bit k - 1 for class k.
        spec: specification of the data set; names the classes.
        classes: probability and verdict of every class.
        defects: the connected components of the masks.
        speed: how long it took.
        model: name of what predicted it.
        warnings: what the model cannot vouch for, one line each; empty where nothing is unusual.
    """

    name: str
    path: Path | None
    frame: int | None
    picture: np.ndarray
    mask: np.ndarray
    spec: Spec
    classes: tuple[ClassVerdict, ...]
    defects: tuple[Defect, ...]
    speed: Speed
    model: str
    warnings: tuple[str, ...]
    planes: ProbabilityPlanes = field(repr=False)

    def __repr__(self) -> str:
        height, width = self.image_shape
        found = ", ".join(f"{each.name} ({each.area:,} px)" for each in self.classes if each.found)
        return f"Result({self.name!r}, {height} x {width}: {found or 'no defect'})"

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of the picture."""
        height, width = self.picture.shape[:2]
        return height, width

    @property
    def ok(self) -> bool:
        """Whether no defect was found."""
        return not self.defects

    @cached_property
    def label_map(self) -> np.ndarray:
        """(H, W) uint8: the `ClassId` of each pixel, 0 without a defect; in overlaps the lowest."""
        labels = np.zeros(self.mask.shape, np.uint8)
        for class_id in reversed(self.spec.class_ids):
            labels[(self.mask >> (class_id - 1) & 1) != 0] = class_id
        return labels

    @property
    def probabilities(self) -> np.ndarray:
        """(C, H, W) float32, 0 to 1: computed whenever it is asked for, at four bytes a pixel and class."""
        return self.planes.full().astype(np.float32) / np.float32(255)

    def overlay(self) -> np.ndarray:
        """The picture with outlined defects, their classes and probabilities, and a legend below.

        Returns:
            (H + legend, W, 3) uint8, RGB.
        """
        from severstal.deploy.overlay.draw import draw_overlay

        return draw_overlay(self)

    def save(self, folder: str | Path, formats: tuple[str, ...] = ("overlay", "mask", "json")) -> list[Path]:
        """Write files called as the picture into a folder, which is made where it is missing.

        Args:
            folder: folder to write.
            formats: any of "overlay" (`NAME.overlay.png`), "mask" (`NAME.mask.png`, the label map), "json"
                (`NAME.json`), "csv" (`NAME.csv`, one row per defect), "coco" (`NAME.coco.json`) and "labelme"
                (`NAME.labelme.json`).

        Returns:
            The files.

        Raises:
            SeverstalError: an unknown format, a file would replace the picture itself, or the folder cannot
                be written.
        """
        from severstal.deploy.formats.save import save_result

        return save_result(self, folder, formats)

    def to_json(self) -> dict[str, Any]:
        """Everything but pixels and probabilities, as plain JSON values; masks as run lengths of COCO."""
        from severstal.deploy.formats.plain import result_to_json

        return result_to_json(self)

    def to_frame(self) -> "pd.DataFrame":
        """One row per defect."""
        import pandas as pd

        from severstal.deploy.formats.plain import RESULT_COLUMNS, defect_rows

        return pd.DataFrame(defect_rows(self), columns=list(RESULT_COLUMNS))

    def to_coco(self) -> dict[str, Any]:
        """A COCO data set of this picture: one annotation per defect."""
        from severstal.deploy.formats.coco import coco_content

        return coco_content([self.to_json()], self.spec)

    def to_labelme(self) -> dict[str, Any]:
        """What LabelMe opens beside the picture: one polygon per defect."""
        from severstal.deploy.formats.labelme import labelme_content

        return labelme_content(self)

    def to_rle(self) -> dict[int, str]:
        """The competition's run lengths of each class that was found, by `ClassId`."""
        from severstal.competition.rle import encode

        return {each.id: encode(self.mask >> (each.id - 1) & 1) for each in self.classes if each.found}

    def to_supervision(self) -> Any:
        """`supervision.Detections`, one per defect.

        Raises:
            SeverstalError: the package supervision is not installed.
        """
        from severstal.deploy.formats.supervision import detections

        return detections(self)
