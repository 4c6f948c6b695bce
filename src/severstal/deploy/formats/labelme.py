"""A result as LabelMe's JSON: one polygon per defect, which can be corrected there."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from severstal.annotations.labelme import labelme_file, polygon_shapes

if TYPE_CHECKING:
    from severstal.deploy.result import Result


def labelme_content(result: "Result", folder: str | Path | None = None) -> dict[str, Any]:
    """What LabelMe opens.

    Args:
        result: result of one picture.
        folder: folder of the file, from which `imagePath` is seen; None beside the picture.
    """
    shapes = []
    for defect in result.defects:
        left, top, _, _ = defect.box
        shapes += polygon_shapes(defect.mask, defect.class_name, left, top)
    if result.path is None:
        place = result.name
    elif folder is None:
        place = result.path.name
    else:
        place = os.path.relpath(result.path.resolve(), Path(folder).resolve())
    return labelme_file(shapes, place, result.image_shape)
