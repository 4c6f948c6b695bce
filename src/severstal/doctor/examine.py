"""The examination of an input folder, or of a CSV of masks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from severstal.competition.folder import InputFolder
from severstal.competition.listing import describe_rest
from severstal.competition.shapes import Shapes
from severstal.competition.spec import SEVERSTAL, Spec, read_spec
from severstal.competition.tables import read_sample
from severstal.doctor.pictures import ReadPicture, count_pictures, group_pictures, read_pictures
from severstal.doctor.report import EXAMPLES, Finding, Report
from severstal.doctor.table import open_table, write_table
from severstal.doctor.table_checks import PartialReport, examine_table, find_strangers, listing_of
from severstal.errors import SeverstalError


def examine(path: str | Path, read: ReadPicture, images: str | Path | None = None) -> Report:
    r"""Find what is wrong with an input folder, or with a CSV of masks.

    Args:
        path: a folder in Kaggle's layout, or a CSV of labels or a submission of either generation.
        read: reads a picture, as `data.images.read_picture` does; called from several threads.
        images: the folder of the pictures that a CSV names; None to do without.

    Raises:
        SeverstalError: there is nothing to examine: no such path, a CSV that is no table of masks, a folder
            without tables, a faulty dataset.toml.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "train.csv"
        >>> _ = path.write_text("ImageId,ClassId,EncodedPixels\nb.jpg,3,5 3 261 4\na.jpg,3,5 3\n")
        >>> [finding.what for finding in examine(path, read=None).findings]
        ['rows are not in the order of image name and class']
    """
    path = Path(path)
    if path.is_dir():
        if images is not None:
            raise SeverstalError(f"{path}: is an input folder with its own pictures: leave out --images")
        return _examine_folder(path, read)
    spec = read_spec(path.parent)
    pictures = None if images is None else Path(images)
    if pictures is not None and not pictures.is_dir():
        raise SeverstalError(f"{pictures}: no such folder: correct --images, or leave it out")
    if spec == SEVERSTAL and pictures is not None:
        spec = read_spec(pictures.parent)
    if spec.image_shape is None and pictures is not None:
        spec = replace(spec, shapes=Shapes([pictures]))
    part = examine_table(open_table(path, spec), pictures, read, None)
    return Report(str(path), *part)


def write_repair(report: Report, output: str | Path) -> str:
    """Write the repaired table, where anything can be repaired with certainty.

    Returns:
        What was done, in one line.

    Raises:
        SeverstalError: the file cannot be written.
    """
    if report.repaired is None:
        what = (
            "nothing found can be repaired with certainty" if report.findings else "nothing is to be repaired"
        )
        return f"{output}: not written: {what}"
    write_table(output, report.repaired)
    left = sum(not finding.repaired for finding in report.findings)
    return (
        f"{output}: {len(report.repaired.cells):,} rows; {left} of {len(report.findings)} findings are left"
    )


def _examine_folder(root: Path, read: ReadPicture) -> Report:
    folder = InputFolder(root, read_spec(root))
    tables = [path for path in (folder.train_csv, folder.sample_csv) if path.is_file()]
    if not tables:
        raise SeverstalError(
            f"{root}: holds neither train.csv nor sample_submission.csv: give Kaggle's layout"
        )
    needed = [folder.train_csv, folder.train_images]
    if folder.sample_csv in tables:
        needed.append(folder.test_images)
    missing = tuple(_missing_file(path) for path in needed if not path.exists())
    absent = [path.name for path in (folder.test_images, folder.sample_csv) if not path.exists()]
    untested = (f"the test set: there is no {' and no '.join(absent)}",) if absent and not missing else ()
    parts = [PartialReport(findings=missing, untested=untested)]
    repaired = None
    if folder.train_csv in tables:
        part = examine_table(open_table(folder.train_csv, folder.spec), folder.train_images, read, None)
        repaired = part.repaired
        parts.append(part)
    else:
        parts.append(_examine_pictures(folder.train_images, folder.spec, read))
    sample = None
    if folder.sample_csv in tables:
        there = listing_of(folder.test_images)
        sample = read_sample(folder.sample_csv, folder.spec, there.pictures if there else None).images
    parts.append(_examine_sample(folder, sample))
    if folder.truth_csv.is_file():
        parts.append(
            examine_table(open_table(folder.truth_csv, folder.spec), folder.test_images, read, sample)
        )
    else:
        parts.append(_examine_pictures(folder.test_images, folder.spec, read))
    return Report(
        str(root),
        *(tuple(line for part in parts for line in part[field]) for field in range(3)),
        repaired=repaired,
    )


def _examine_pictures(folder: Path, spec: Spec, read: ReadPicture) -> PartialReport:
    listing = listing_of(folder)
    if listing is None:
        return PartialReport()
    look = read_pictures(folder, listing.pictures, spec, read, None)
    looked_at = [f"{folder.name}: {count_pictures(listing.pictures, spec)}"]
    if rest := describe_rest(listing):
        looked_at.append(f"{folder.name}: {rest}")
    findings = [*find_strangers(folder, listing), *group_pictures(folder, look.faults)]
    return PartialReport(tuple(looked_at), tuple(findings))


def _examine_sample(folder: InputFolder, images: Sequence[str] | None) -> PartialReport:
    """The sample submission against the test pictures."""
    listing, train = listing_of(folder.test_images), listing_of(folder.train_images)
    if images is None or listing is None:
        return PartialReport()
    name, findings = folder.sample_csv.name, []
    present, wanted = frozenset(listing.pictures), frozenset(images)
    absent = [image for image in images if image not in present]
    extra = [image for image in listing.pictures if image not in wanted]
    if absent:
        findings.append(
            Finding(
                "missing file",
                name,
                f"rows name images that are not in {folder.test_images.name}",
                len(absent),
                "put the pictures there, or fetch the sample again",
                examples=tuple(absent[:EXAMPLES]),
            )
        )
    if extra:
        findings.append(
            Finding(
                "extra file",
                folder.test_images.name,
                f"pictures that {name} does not name",
                len(extra),
                "take them out, or fetch the sample again",
                examples=tuple(extra[:EXAMPLES]),
            )
        )
    both = sorted(present.intersection(train.pictures)) if train else []
    if both:
        findings.append(
            Finding(
                "extra file",
                folder.test_images.name,
                "pictures have the name of a train picture",
                len(both),
                "take them out of one of the two folders",
                examples=tuple(both[:EXAMPLES]),
            )
        )
    return PartialReport((f"{name}: {len(images):,} images",), tuple(findings))


def _missing_file(path: Path) -> Finding:
    return Finding(
        "missing file",
        path.parent.name or ".",
        f"{path.name} is not there",
        1,
        "unpack the data set again, or put it there",
    )
