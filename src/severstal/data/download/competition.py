"""The competition's data set on disk: fetched, unpacked, checked, and only then put in place."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from severstal.competition.folder import open_input
from severstal.competition.spec import SEVERSTAL
from severstal.competition.tables import read_labels, read_sample
from severstal.data.download.client import ARCHIVE, fetch_archive
from severstal.data.download.unzip import DamagedArchive, check_archive, is_archive, unzip
from severstal.errors import SeverstalError
from severstal.files import explain_os_error

TRAIN_IMAGES, TEST_IMAGES = 12_568, 5_506  # the competition's own counts
DATA_BYTES = 1_700_000_000  # of the archive, and of its files, since JPEGs do not shrink further
_MARKER = "made-by-severstal-download"
LARGEST = 3 * DATA_BYTES  # an archive that says it holds more is not the competition's


def download_competition(output: str | Path) -> bool:
    """Download the competition's data, unless it is there.

    Archive and files gather in `OUTPUT.part`, beside `output`, which a file in it marks as made by this
    function. A download or an unpacking that broke off continues there with the same call; once all is
    checked, the files are renamed to `output`, and what this function wrote beside them is deleted.

    Args:
        output: the folder to make, in Kaggle's layout.

    Returns:
        Whether anything was done: False where `output` is complete already.

    Raises:
        SeverstalError: `output` or `OUTPUT.part` holds something else; there is no token, or the
            competition's rules are not accepted; no network; the disk is too small; what came is not the
            competition's data.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "thesis.txt").write_text("mine")
        >>> download_competition(folder)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: ...: holds something other than the competition's data ...
    """
    output = Path(output)
    try:
        whole = output.resolve()  # where a link leads to another disk, all the work is done there
        if whole.exists() and not whole.is_dir():
            raise SeverstalError(f"{output}: is a file: name a folder with --output")
        done = whole.is_dir() and any(whole.iterdir())
        if done:
            _check_present(output)
        part = whole.with_name(whole.name + ".part")
        if not done:
            _open_working_folder(part)
            with _only_download(part):
                _gather(part)
                if whole.exists():
                    whole.rmdir()
                (part / "files").rename(whole)
        if _is_working_folder(part):
            _delete_working_folder(part)
    except OSError as error:
        raise explain_os_error(error, output) from error
    return not done


def check_competition(folder: str | Path) -> None:
    """Check that a folder holds the competition's data: both tables, and the right numbers of pictures.

    Raises:
        SeverstalError: something is missing or wrong; the message names it.

    Example:
        >>> check_competition("a/folder/that/is/not/there")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a/folder/that/is/not/there/train_images: no such folder: ...
    """
    data = open_input(folder)
    if data.spec != SEVERSTAL:
        raise SeverstalError(f"{folder}: its dataset.toml describes another data set")
    for images, names, count in (
        (data.train_images, data.train_names(), TRAIN_IMAGES),
        (data.test_images, data.test_names(), TEST_IMAGES),
    ):
        if len(names) != count:
            raise SeverstalError(f"{images}: holds {len(names):,} pictures; the competition has {count:,}")
    read_labels(data.train_csv, SEVERSTAL, data.train_names())
    if absent := set(read_sample(data.sample_csv, SEVERSTAL).images) - set(data.test_names()):
        raise SeverstalError(f"{data.sample_csv}: names {min(absent)}, which is not in {data.test_images}")


def _check_present(output: Path) -> None:
    try:
        check_competition(output)
    except SeverstalError as error:
        raise SeverstalError(
            f"{output}: holds something other than the competition's data ({error}): "
            "remove it or name another folder with --output"
        ) from None


def _is_working_folder(part: Path) -> bool:
    return not part.is_symlink() and (part / _MARKER).is_file()


def _open_working_folder(part: Path) -> None:
    part.mkdir(parents=True, exist_ok=True)
    if part.is_symlink() or not (_is_working_folder(part) or not any(part.iterdir())):
        raise SeverstalError(
            f"{part}: was not made by this command, which needs the name: rename that folder, or name "
            "another one with --output"
        )
    (part / _MARKER).touch()


def _delete_working_folder(part: Path) -> None:
    """Delete the files that this command wrote; other files stay, and the folder with them."""
    shutil.rmtree(part / "files", ignore_errors=True)  # of a folder that was since completed by other means
    for name in (ARCHIVE, "lock", _MARKER):
        (part / name).unlink(missing_ok=True)
    with suppress(OSError):  # not empty
        part.rmdir()


def _gather(part: Path) -> None:
    """Bring the working folder to where `files` is whole and checked."""
    archive, files = part / ARCHIVE, part / "files"
    if not is_archive(archive):  # a broken one lacks its end, where the table of contents is
        held = archive.stat().st_size if archive.exists() else 0
        _check_disk(part, 2 * DATA_BYTES - held)
        fetch_archive(part)
    try:
        entries = check_archive(archive, LARGEST)
        held = sum(file.stat().st_size for file in files.rglob("*") if file.is_file())
        _check_disk(part, sum(entry.file_size for entry in entries) - held)
        unzip(archive, files, entries)
    except DamagedArchive:
        archive.unlink()  # the same command then downloads it anew
        raise
    check_competition(files)


def _check_disk(folder: Path, need: int) -> None:
    free = shutil.disk_usage(folder).free
    if need > free:
        raise SeverstalError(
            f"{folder}: the data needs {need / 1e9:.1f} GB more, the disk has {free / 1e9:.1f} GB: "
            "free some, or name a folder on another disk with --output"
        )


@contextmanager
def _only_download(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / "lock")
    try:
        with lock.acquire(timeout=0):
            yield
    except Timeout:
        raise SeverstalError(f"{folder}: another process downloads here: wait until it is done") from None
