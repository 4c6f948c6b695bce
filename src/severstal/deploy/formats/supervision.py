"""A result as `supervision.Detections`, for those who draw, track and count with that package."""

from typing import TYPE_CHECKING, Any

import numpy as np

from severstal.errors import SeverstalError, import_fault

if TYPE_CHECKING:
    from severstal.deploy.result import Result


def detections(result: "Result") -> Any:
    """One detection per defect: `xyxy`, `mask`, `confidence` (mean probability) and `class_id`.

    `data["class_name"]` holds the names, as the package's own annotators look for them.

    Raises:
        SeverstalError: the package supervision cannot be imported.
    """
    try:
        import supervision
    except ImportError as error:
        fault = import_fault(error, "supervision")
        raise SeverstalError(f"the package supervision {fault}: pip install supervision") from error
    if result.ok:
        return supervision.Detections.empty()
    masks = np.zeros((len(result.defects), *result.image_shape), bool)
    corners = np.zeros((len(result.defects), 4), np.float32)
    for place, defect in enumerate(result.defects):
        left, top, width, height = defect.box
        masks[place, top : top + height, left : left + width] = defect.mask
        corners[place] = left, top, left + width, top + height
    return supervision.Detections(
        xyxy=corners,
        mask=masks,
        confidence=np.array([defect.mean_probability for defect in result.defects], np.float32),
        class_id=np.array([defect.class_id for defect in result.defects]),
        data={"class_name": np.array([defect.class_name for defect in result.defects])},
    )
