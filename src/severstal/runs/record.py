"""The record of a stage: the inputs and outputs of its last successful execution."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from severstal.errors import SeverstalError
from severstal.files import checksum, digest, read_json, write_json
from severstal.runs.inputs import Inputs, comparable
from severstal.runs.layout import RunFiles


@dataclass(frozen=True)
class Stage:
    """One stage of a job in a run's folder, and the record of its last success, `stages/NAME.json`.

    The record is written last, so that a stage killed at any instant counts as not done. It is the only judge
    of whether a result is current: running a stage, skipping it and listing runs all ask it.

    Args:
        folder: folder of the run.
        name: name of the stage.
        inputs: everything that the result depends on, as a function of `runs.inputs` states it.

    Example:
        >>> import tempfile
        >>> run = Path(tempfile.mkdtemp())
        >>> stage = Stage(run, "greet", {"name": "steel"})
        >>> stage.is_done()
        False
        >>> _ = (run / "out.txt").write_text("hello steel")
        >>> stage.finish([run / "out.txt"])
        >>> stage.is_done(), Stage(run, "greet", {"name": "iron"}).is_done()
        (True, False)
    """

    folder: Path
    name: str
    inputs: Inputs

    @property
    def path(self) -> Path:
        """The record's file."""
        return RunFiles(self.folder).record(self.name)

    @property
    def key(self) -> str:
        """Identity of the result: as it was recorded where that is current, else a checksum of the inputs."""
        found = self._record()
        return digest(comparable(self.inputs)) if found is None else found["key"]

    def is_done(self) -> bool:
        """Return whether a success with the same inputs is recorded, and all its outputs exist unchanged."""
        return self.problem() is None

    def problem(self) -> str | None:
        """The first reason for which the stage is not done, in a few words; None where it is done."""
        if self._record() is None:
            if self.recorded() is not None:
                return "made from other inputs"
            return f"{self.path} is damaged" if self.path.is_file() else "not made yet"
        for path, facts in self.outputs().items():
            if not path.is_file():
                return f"{path.relative_to(self.folder).as_posix()} is missing"
            if not _is_unchanged(path, facts):
                return f"{path.relative_to(self.folder).as_posix()} was changed since it was made"
        return None

    def was_changed(self, path: Path) -> bool:
        """Return whether an output of a success with the same inputs exists, but differs from what was
        made."""
        facts = self.outputs().get(path)
        return facts is not None and path.is_file() and not _is_unchanged(path, facts)

    def outputs(self) -> dict[Path, list[Any]]:
        """Size, checksum and time of each output of a success with the same inputs; none without one."""
        found = self._record() or {}
        return {self.folder / path: facts for path, facts in found.get("outputs", {}).items()}

    def checksum(self, path: Path) -> str:
        """SHA-256 of an output: as recorded where the file is unchanged by size and time, else computed."""
        facts = self.outputs().get(path)
        return facts[1] if facts and _is_same_file(path, facts) and facts[1] else file_checksum(path)

    def finish(self, outputs: Iterable[Path], hashed: bool = True) -> None:
        """Record a success.

        Args:
            outputs: the files that it made, all of them inside the run's folder.
            hashed: whether to record checksums, so that a change of contents is found at equal size too.
        """
        facts = {path.relative_to(self.folder).as_posix(): _facts(path, hashed) for path in outputs}
        record = {"key": digest(comparable(self.inputs)), "inputs": dict(self.inputs), "outputs": facts}
        write_json(self.path, record)

    def forget(self) -> None:
        """Delete the record, so that new files are not taken for the earlier result."""
        self.path.unlink(missing_ok=True)

    def recorded(self) -> dict[str, Any] | None:
        """Return the inputs of the last success, current or not; None without a complete record."""
        found = self._any_record()
        return None if found is None else found["inputs"]

    def _record(self) -> dict[str, Any] | None:
        """The record of a success with the same inputs."""
        found = self._any_record()
        same = found is not None and comparable(found["inputs"]) == comparable(self.inputs)
        return found if same else None

    def _any_record(self) -> dict[str, Any] | None:
        try:
            return read_record(self.path)
        except SeverstalError:
            return None


def read_record(path: Path) -> dict[str, Any] | None:
    """Read a stage's record.

    Returns:
        `key`, `inputs` and `outputs`; None where there is none.

    Raises:
        SeverstalError: the record is damaged.
    """
    if not path.is_file():
        return None
    found = read_json(path)
    kinds = {"key": str, "inputs": dict, "outputs": dict}
    if not isinstance(found, dict) or not all(
        isinstance(found.get(name), kind) for name, kind in kinds.items()
    ):
        raise SeverstalError(f"{path}: not the record of a stage: delete it and run the command again")
    return found


def file_checksum(path: Path) -> str:
    """SHA-256 of a file, cached in the process while its size and modification time stay the same."""
    facts = path.stat()
    return _checksum(path.resolve(), facts.st_size, facts.st_mtime_ns, facts.st_ino)


@lru_cache(maxsize=4096)
def _checksum(path: Path, size: int, time: int, inode: int) -> str:
    return checksum(path)


def _facts(path: Path, hashed: bool) -> list[Any]:
    found = path.stat()
    return [found.st_size, file_checksum(path) if hashed else "", found.st_mtime_ns]


def _is_same_file(path: Path, facts: list[Any]) -> bool:
    """Return whether size and time are as recorded; the first edition recorded no time."""
    found = path.stat()
    return len(facts) > 2 and [found.st_size, found.st_mtime_ns] == [facts[0], facts[2]]


def _is_unchanged(path: Path, facts: list[Any]) -> bool:
    """Return whether a file is as it was made: by size and time, else by its checksum where that is known."""
    if _is_same_file(path, facts):
        return True
    return path.stat().st_size == facts[0] and (not facts[1] or file_checksum(path) == facts[1])


def checksums(paths: Mapping[str, Path]) -> dict[str, str | None]:
    """SHA-256 of files by a name; None for one that is not there."""
    return {name: file_checksum(path) if path.is_file() else None for name, path in paths.items()}
