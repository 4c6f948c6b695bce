"""Segmentation of picture files: overlays and a table of masks."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import pandas as pd

from severstal.competition.rle import encode
from severstal.data.arrays import unpack
from severstal.deploy.predictor import Predictor
from severstal.errors import SeverstalError
from severstal.files import atomic_write, write_text
from severstal.report.overlay import draw_contours


def segment_files(predictor: Predictor, paths: Sequence[Path], output: str | Path) -> int:
    """Segment picture files.

    Args:
        predictor: of a run.
        paths: the files; their names without folder and ending name what comes out, so each must differ.
        output: folder for `NAME.png`, the picture with outlines, and `masks.csv`
            (`ImageId,ClassId,EncodedPixels`, one row per mask).

    Returns:
        The number of masks.

    Raises:
        SeverstalError: two files share a name; a file is no picture or of another shape.
    """
    output, seen = Path(output), set()
    for path in paths:
        if path.stem in seen:
            raise SeverstalError(f"{path}: another picture of this name was given: rename one of them")
        seen.add(path.stem)
    rows = []
    for path, picture, bits in predictor.segment(paths):
        outlined = draw_contours(picture, bits, predictor.spec, thickness=2)
        _, png = cv2.imencode(".png", cv2.cvtColor(outlined, cv2.COLOR_RGB2BGR))
        with atomic_write(output / f"{path.stem}.png") as part:
            part.write_bytes(png.tobytes())
        planes = unpack(bits, len(predictor.spec.classes))
        rows += [(path.name, index + 1, encode(plane)) for index, plane in enumerate(planes) if plane.any()]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    write_text(output / "masks.csv", table.to_csv(index=False, lineterminator="\n"))
    return len(rows)
