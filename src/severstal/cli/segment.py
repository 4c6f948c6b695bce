"""Pictures of your own, segmented by what was trained."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from severstal.cli.arguments import Folder, OptionalNumber, optional
from severstal.errors import SeverstalError

RunOrRelease = Positional[Annotated[Path, arg(metavar="RUN_OR_RELEASE")]]
Sources = Positional[Annotated[list[str], arg(metavar="SOURCE...", help_behavior_hint="")]]
Format = Literal["overlay", "mask", "json", "csv", "coco", "labelme"]
Formats = Annotated[tuple[Format, ...], arg(metavar="FORMAT...", help_behavior_hint="(overlay and csv)")]
Device = Annotated[str | None, optional("NAME")]
Jobs = Annotated[int, arg(metavar="N")]


def segment(
    run: RunOrRelease,
    sources: Sources,
    output: Folder,
    format: Formats = ("overlay", "csv"),
    threshold: OptionalNumber = None,
    mm_per_pixel: OptionalNumber = None,
    recursive: bool = False,
    jobs: Jobs = 2,
    strict: bool = False,
    device: Device = None,
) -> int:
    """Segment your own images of any size: exit code 0 done, 1 some could not be read, 2 unusable.

    After an interruption the same command resumes: images that already have their outputs are skipped.

    Args:
        run: folder of a trained run, an ensemble of runs or a release.
        sources: image files, folders, patterns such as "roll*.png", videos and files with several pages.
        output: folder to write.
        format: overlay (NAME.overlay.png and contact.png), mask (NAME.mask.png, the class of each pixel),
            json (NAME.json), labelme (NAME.labelme.json), csv (defects.csv and masks.csv) and coco
            (coco.json); one or more of them.
        threshold: predict each class where its probability reaches this, instead of by the run's rules.
        mm_per_pixel: size of a pixel in millimetres, for areas and lengths.
        recursive: also search subfolders.
        jobs: number of threads that read images, and of threads that write.
        strict: stop at the first image that cannot be read.
        device: cpu, cuda or cuda:1; by default the GPU, if there is one.
    """
    if not sources:
        raise SeverstalError("no picture is named: give at least one picture file or folder")
    if jobs < 1:
        raise SeverstalError(f"--jobs is {jobs}: give at least 1")
    if not format:
        raise SeverstalError("--format names none: give overlay, mask, json, csv, coco or labelme")
    import severstal
    from severstal.deploy.segment.run import segment_files

    predictor = severstal.load(run, device, threshold, mm_per_pixel)
    done = segment_files(predictor, sources, output, format, recursive, jobs, strict)
    kept = f", {done.kept:,} of them left as they were" if done.kept else ""
    print(
        f"{output}: {done.pictures:,} pictures{kept}: {done.defects:,} defects on {done.defective:,} of them"
    )
    for line in done.unreadable:
        print(f"left out: {line}")
    return 1 if done.unreadable else 0
