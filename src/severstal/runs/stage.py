"""A stage of a job: skipped when its output is there, whole, and made from the same input."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from severstal.files import checksum, digest, read_json, write_json

SMALL = 1_000_000  # bytes up to which an output's content is checked, not only its size


@dataclass(frozen=True)
class Stage:
    """One step of a job and the record of its last success, `FOLDER/stages/NAME.json`.

    The record is written last, so that a step killed at any instant counts as not done.

    Args:
        folder: of the run.
        name: of the stage.
        inputs: all that the result depends on, as JSON: settings and checksums.

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
    inputs: dict[str, Any]

    @property
    def key(self) -> str:
        """Checksum of the inputs."""
        return digest(self.inputs)

    @property
    def record(self) -> Path:
        """The file that says the stage was done."""
        return self.folder / "stages" / f"{self.name}.json"

    def is_done(self) -> bool:
        """Whether the outputs of a success with the same inputs are all there and unchanged."""
        outputs = self._outputs()
        return outputs is not None and all(
            _facts(self.folder / path) == facts for path, facts in outputs.items()
        )

    def was_changed(self, path: Path) -> bool:
        """Whether an output of a success with the same inputs is there, and is not what was made."""
        facts = (self._outputs() or {}).get(path.relative_to(self.folder).as_posix())
        return facts is not None and path.is_file() and _facts(path) != facts

    def finish(self, outputs: Iterable[Path]) -> None:
        """Record a success and the files it made, all of them inside the run's folder."""
        facts = {path.relative_to(self.folder).as_posix(): _facts(path) for path in outputs}
        write_json(self.record, {"key": self.key, "inputs": self.inputs, "outputs": facts})

    def _outputs(self) -> dict[str, Any] | None:
        """The facts of each output of a success with the same inputs; None where there was none."""
        record = read_json(self.record) if self.record.is_file() else None
        if not isinstance(record, dict) or record.get("key") != self.key:
            return None
        outputs = record.get("outputs", {})
        return outputs if isinstance(outputs, dict) else None


def _facts(path: Path) -> list[Any] | None:
    """Size, and for a small file the checksum; None where there is no file."""
    if not path.is_file():
        return None
    size = path.stat().st_size
    return [size, checksum(path) if size <= SMALL else ""]
