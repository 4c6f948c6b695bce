"""The examination of one table, test by test."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from severstal.competition.listing import FolderListing, describe_rest, list_folder
from severstal.competition.rows import match_images
from severstal.doctor.displaced import find_by_rows, find_shifts
from severstal.doctor.pairs import arrange, find_disorder, find_missing_pairs, find_overlaps
from severstal.doctor.pictures import ReadPicture, count_pictures, group_pictures, read_pictures
from severstal.doctor.report import EXAMPLES, Finding
from severstal.doctor.row_checks import find_row_faults, group_faults, is_placeholder, rewrite
from severstal.doctor.swapped import find_flips, find_permuted_classes
from severstal.doctor.table import Table


class PartialReport(NamedTuple):
    """The report on one table, or on one folder of pictures: the parts of a `Report`."""

    looked_at: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    untested: tuple[str, ...] = ()
    repaired: Table | None = None


def examine_table(
    table: Table, folder: Path | None, read: ReadPicture, order: Sequence[str] | None
) -> PartialReport:
    """Examine one table.

    Each check gets the table as corrected by the checks before it: masks written by rows first, then shifts,
    permuted classes and flips.

    Args:
        table: the table.
        folder: folder of the pictures that it names; None, or a missing folder, to check without pictures.
        read: function that reads a picture.
        order: names of the images in the order of a sample submission; None for sorted names.
    """
    listing = listing_of(folder) if folder is not None else None
    names = None if listing is None else listing.pictures
    if names:
        table = _spell_as(table, names)
    place = f"the pictures in {folder.name}" if folder is not None else "the pictures"
    line_faults = find_row_faults(table, names, place)
    looked_at = [f"{table.path.name}: {len(table.rows):,} rows, {len(table.runs.rows):,} masks"]
    untested = [] if names else ["pictures: none to compare"]

    corrected, steps = rewrite(table), []
    judged = len(corrected.runs.rows) > 0 and not is_placeholder(table)
    if judged:
        for find in (find_by_rows, find_shifts, find_permuted_classes):
            steps.append(find(corrected))
            corrected = steps[-1].table
    elif table.rows:
        untested.append("the position of the masks: there is none to check")

    picture_findings = [] if listing is None else find_strangers(folder, listing)
    matches = []
    if names:
        look = read_pictures(folder, names, table.spec, read, corrected if judged else None)
        picture_findings += group_pictures(folder, look.faults)
        matches = look.matches
        looked_at.append(
            f"{folder.name}: {count_pictures(names, table.spec)}, {len(matches)} compared with their masks"
        )
    if listing is not None and (rest := describe_rest(listing)):
        looked_at.append(f"{folder.name}: {rest}")
    if judged:
        steps.append(find_flips(corrected, matches))
        corrected = steps[-1].table

    overlap = find_overlaps(corrected) if judged else None
    disorder = find_disorder(table, order)
    missing, added = find_missing_pairs(table, names if order is None else order)
    doubled = {row for row, fault in line_faults.items() if "repeats row" in fault}
    solved = line_faults.keys() - find_row_faults(corrected, names, place).keys() | doubled
    findings = [
        *picture_findings,
        *_placeholders(table),
        *group_faults(table, line_faults, solved),
        *group_faults(table, table.run_faults, table.run_faults.keys() - corrected.run_faults.keys()),
        *(finding for step in steps for finding in step.findings),
        *(finding for finding in (overlap, missing, disorder) if finding is not None),
    ]
    untested += [line for step in steps for line in step.untested]
    repaired = None
    if any(finding.repaired for finding in findings):
        repaired = arrange(
            corrected, doubled, added, order, sort=find_disorder(corrected, order) is not None or bool(added)
        )
    unknown = tuple(f"{table.path.name}: {line}" for line in untested)
    return PartialReport(tuple(looked_at), tuple(findings), unknown, repaired)


def listing_of(folder: Path) -> FolderListing | None:
    """Return the contents of a folder of pictures; None where there is no such folder."""
    return list_folder(folder) if folder.is_dir() else None


def find_strangers(folder: Path, listing: FolderListing) -> list[Finding]:
    """Find what lies among the pictures of a folder and should not: masks of pictures, and folders.

    Files that are no pictures do no harm, and are only counted.
    """
    findings = []
    if listing.masks:
        findings.append(
            Finding(
                "mask beside picture",
                folder.name,
                "pictures are drawn in a few flat values and named after others, as masks are",
                len(listing.masks),
                "move them into a folder of their own, such as masks/, and import them with "
                "`severstal import png`; until then they are passed over",
                examples=listing.masks[:EXAMPLES],
            )
        )
    if listing.folders:
        findings.append(
            Finding(
                "subfolder",
                folder.name,
                "folders among the pictures are not read",
                len(listing.folders),
                f"move the pictures in them into {folder.name} itself",
                examples=listing.folders[:EXAMPLES],
            )
        )
    return findings


def _spell_as(table: Table, names: Sequence[str]) -> Table:
    """The table with its images spelt as the files are, where only the Unicode form differs."""
    spelt = match_images(table.rows, names)
    changed = {index: row for index, row in enumerate(spelt) if row is not table.rows[index]}
    return table.changed(changed) if changed else table


def _placeholders(table: Table) -> list[Finding]:
    if not is_placeholder(table):
        return []
    text = table.rows[0].runs.strip()
    return [
        Finding(
            "placeholder",
            table.path.name,
            f"every row has the mask `{text[:20]}`, a sample submission's",
            len(table.rows),
            "write the masks that you mean",
        )
    ]
