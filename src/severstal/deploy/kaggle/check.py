"""The check of a kit without a network: everything that would fail only on Kaggle."""

from pathlib import Path
from typing import Any

from severstal.deploy.kaggle.kit import LIST_FILE, NOTEBOOK, RELEASE, WEIGHTS, WHEELS, file_sums
from severstal.deploy.kaggle.metadata import DATASET_FILE, KERNEL_FILE, dataset_findings, kernel_findings
from severstal.deploy.kaggle.notebook import NOTEBOOK_FILE, notebook_findings
from severstal.deploy.kaggle.wheels import wheel_findings
from severstal.deploy.release.manifest import check_release_files
from severstal.deploy.release.opening import open_release
from severstal.errors import SeverstalError
from severstal.files import read_json

_LARGEST = 100 * 10**9  # bytes of a private dataset


def check_kit(folder: str | Path) -> list[str]:
    """Look for faults in a kit: metadata, release, wheels, notebook and checksums.

    Args:
        folder: that `severstal kaggle` wrote.

    Returns:
        One line for each fault; empty where there is none.

    Raises:
        SeverstalError: the folder is no kit.
    """
    folder = Path(folder)
    if not (folder / LIST_FILE).is_file():
        raise SeverstalError(f"{folder}: no kit: give the folder that `severstal kaggle` wrote")
    findings: list[str] = []
    about = {
        place: _metadata(folder / place / name, findings)
        for place, name in ((WEIGHTS, DATASET_FILE), (WHEELS, DATASET_FILE), (NOTEBOOK, KERNEL_FILE))
    }
    for place in (WEIGHTS, WHEELS):
        findings += dataset_findings(about[place], f"{place}/{DATASET_FILE}")
    datasets = [str(about[place].get("id", "")) for place in (WEIGHTS, WHEELS)]
    findings += kernel_findings(about[NOTEBOOK], f"{NOTEBOOK}/{KERNEL_FILE}", datasets)
    owners = {identity.partition("/")[0] for identity in (*datasets, str(about[NOTEBOOK].get("id", "")))}
    if len(owners) > 1:
        findings.append(f"the parts belong to several users, {', '.join(sorted(owners))}: make the kit again")
    code = about[NOTEBOOK].get("code_file")
    if code != NOTEBOOK_FILE:
        findings.append(f"{NOTEBOOK}/{KERNEL_FILE}: code_file is {code!r}: write {NOTEBOOK_FILE!r}")
    findings += [f"{NOTEBOOK}/{each}" for each in notebook_findings(folder / NOTEBOOK / NOTEBOOK_FILE)]
    findings += [f"{WHEELS}/{each}" for each in wheel_findings(sorted((folder / WHEELS).glob("*.whl")))]
    try:
        check_release_files(folder / WEIGHTS / RELEASE)
        open_release(folder / WEIGHTS / RELEASE, "cpu")
    except SeverstalError as error:
        findings.append(str(error))
    return findings + _sum_findings(folder)


def _metadata(path: Path, findings: list[str]) -> dict[str, Any]:
    """The contents of a metadata file; empty, with a finding, where it has none."""
    try:
        found = read_json(path)
    except SeverstalError as error:
        findings.append(str(error))
        return {}
    return found if isinstance(found, dict) else {}


def _sum_findings(folder: Path) -> list[str]:
    """Files that are not what was written, and datasets that are too large."""
    try:
        written = read_json(folder / LIST_FILE)
    except SeverstalError as error:
        return [str(error)]
    if not isinstance(written, dict):
        return [f"{LIST_FILE}: not a list of files: make the kit again"]
    now = file_sums(folder)
    findings = []
    for name in sorted(written.keys() | now.keys()):
        if name not in now:
            findings.append(f"{name}: missing: make the kit again")
        elif name not in written:
            findings.append(f"{name}: not a file of the kit: take it out")
        elif now[name] != written[name]:
            findings.append(f"{name}: changed since the kit was made: make it again if that was not you")
    for place in (WEIGHTS, WHEELS):
        size = sum(path.stat().st_size for path in (folder / place).rglob("*") if path.is_file())
        if size > _LARGEST:
            findings.append(f"{place}: {size:,} bytes are more than a dataset holds: pack with --fp16")
    return findings
