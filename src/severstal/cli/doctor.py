"""Checks of an input folder or a table of masks."""

import sys
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from severstal.cli.arguments import JsonFile, OptionalCsv, OptionalFolder


def doctor(
    data: Positional[Annotated[Path, arg(metavar="DIR_OR_CSV")]],
    images: OptionalFolder = None,
    json: JsonFile = None,
    repair: OptionalCsv = None,
) -> int:
    """Find faults in an input folder or a CSV of masks: exit code 0 valid, 1 findings, 2 unusable.

    Args:
        data: input folder in Kaggle's layout, or a CSV of labels or a submission.
        images: folder of the images that the CSV names.
        json: also write the results to this file.
        repair: also write the table (of a folder, its train.csv) to this file, with every certain fault
            fixed.
    """
    from severstal.data.pictures import read_picture
    from severstal.doctor import examine, write_repair
    from severstal.files import write_json

    report = examine(data, read_picture, images)
    print(report.to_text())
    if json is not None:
        write_json(json, report.to_dict())
    if repair is not None:
        print(write_repair(report, repair), file=sys.stderr)
    return report.exit_code
