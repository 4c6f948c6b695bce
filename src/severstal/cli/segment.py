"""Pictures of your own, segmented by a trained run."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from severstal.cli.arguments import Folder, Run
from severstal.errors import SeverstalError

Pictures = Positional[Annotated[list[Path], arg(metavar="FILE...", help_behavior_hint="")]]


def segment(run: Run, images: Pictures, output: Folder) -> None:
    """Segment your own pictures: write an overlay of each, and masks.csv in the form of train.csv.

    Args:
        run: folder of a trained run, runs/NAME.
        images: picture files to segment.
        output: folder to write.
    """
    if not images:
        raise SeverstalError("no picture is named: give at least one picture file")
    import severstal
    from severstal.deploy.segment import segment_files

    print(f"{output}: {segment_files(severstal.load(run), images, output)} masks on {len(images)} pictures")
