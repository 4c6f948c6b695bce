"""Every metric that papers on segmentation report, of a submission or of a run."""

from pathlib import Path

from severstal.cli.arguments import Images, InputFolder, JsonFile, Labels, OptionalNumber, RunOrCsv
from severstal.cli.sides import read_sides
from severstal.errors import SeverstalError
from severstal.files import write_json


def metrics(
    csv: RunOrCsv,
    truth: Labels = None,
    input: InputFolder = None,
    images: Images = None,
    tolerance: OptionalNumber = None,
    json: JsonFile = None,
) -> None:
    """Compute segmentation metrics of a submission or a run: per pixel, pair, component and boundary.

    The column `all` is the mean over the classes that have a value, with these exceptions: counts are summed,
    a pixel is correct only if it is correct in all classes, and some metrics exist only over all classes.

    A run is measured on its out-of-fold masks and probabilities. A submission has no probabilities: its
    components all rank equally in the average precision, and there is no calibration error.

    Args:
        csv: submission, scored with --truth; or folder of a run or an ensemble, runs/NAME.
        truth: ground truth in the form of train.csv.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        images: images that count in the score: a folder of images, or a CSV with one row per image.
        tolerance: tolerance of the boundary F1 in pixels; by default 0.75 % of the image's diagonal.
        json: also write the results to this file.
    """
    from severstal.evaluation.suite import measure_masks

    if tolerance is not None and not tolerance >= 0:
        raise SeverstalError(f"--tolerance is {tolerance:g}: give 0 or more pixels")
    if csv.is_dir():
        given = [f"--{name}" for name, value in _named(truth, images).items() if value is not None]
        if given:
            raise SeverstalError(f"{csv} is a run, which knows its own images: leave out {', '.join(given)}")
        from severstal import pipeline
        from severstal.pipeline.copies import describe_leaks_out_of_fold
        from severstal.runs.combining import open_runs

        run = open_runs([csv], input=input)
        _, rules = pipeline.find_rules(run)
        maps = rules.oof.maps
        found = measure_masks(rules.masks, run.labels, maps.names, run.spec, maps, tolerance)
        over, notes = f"{len(maps.names):,} images out of fold", ()
        if leaks := describe_leaks_out_of_fold(rules.oof.folds, maps.names):
            notes = (leaks,)
    else:
        if not csv.is_file():
            raise SeverstalError(f"{csv} is missing: name a submission, or a run's folder, runs/NAME")
        if truth is None:
            raise SeverstalError(f"{csv} is measured against its truth: name labels with --truth")
        sides, where, spec = read_sides(csv, truth, input, images)
        found = measure_masks(*(side.table for side in sides), where.images, spec, tolerance=tolerance)
        over, notes = where.source, where.notes
    table = found.table().dropna(how="all")
    print(table.to_string(float_format="{:.4f}".format, na_rep=""), "", f"over {over}", *notes, sep="\n")
    if json is not None:
        write_json(json, {"csv": str(csv), "over": over, "notes": list(notes), "figures": found.to_dict()})


def _named(truth: Path | None, images: Path | None) -> dict[str, Path | None]:
    return {"truth": truth, "images": images}
