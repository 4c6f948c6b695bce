"""A folder with all that commands read, what each command may write there, and a look at every byte."""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

from severstal import cli

CSV = "submissions/submission.csv"
PICTURES = "small/train_images"
TRUTH = ("--truth", "small/test_labels.csv", "--input", "small")


@dataclass(frozen=True)
class Row:
    """A command as it is given, and its effects.

    Attributes:
        words: the command line.
        outputs: the files and folders that options name, as they stand in `words`.
        writes: patterns of all paths that may change.
        reads: files that stand for what is read, none of which any of `outputs` may be.
        code: the exit code.
        merges: whether an output that is there is read first, so that a link in its place is refused.
    """

    words: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    code: int = 0
    merges: bool = False


DATA = ("small/train.csv", "small/sample_submission.csv", "small/dataset.toml", "small/test_labels.csv")
STORE = ("runs", "runs/pictures", "runs/pictures/*")  # the decoded pictures, which all runs share
RUN = (*STORE, "runs/tiny-small/*")
OUT = ("out", "out/*")

ROWS = {
    "sample": Row(
        ("sample", "--output", "new", "--images", "8", "--test-images", "8"), ("new",), ("new", "new/*")
    ),
    "weights": Row(
        ("weights", "tiny.toml", "--json", "out.json", "--pack", "packed"),
        ("out.json",),
        ("out.json", "packed", "packed/*"),
        ("tiny.toml",),
    ),
    # No token is there, so that it ends; a folder at its working name that others made stops it before.
    "download": Row(("download", "--output", "new"), ("new",), (), (), 2),
    "doctor": Row(
        ("doctor", "faulty.csv", "--images", PICTURES, "--json", "out.json", "--repair", "out.csv"),
        ("out.json", "out.csv"),
        ("out.json", "out.csv"),
        ("faulty.csv", f"{PICTURES}/train00.png"),
        1,
    ),
    "duplicates": Row(
        ("duplicates", "--input", "small", "--output", "out.csv", "--figures", "out"),
        ("out.csv",),
        ("out.csv", *OUT, *STORE),
        DATA,
    ),
    "lookup": Row(
        ("lookup", "--input", "small", "--output", "out.csv"),
        ("out.csv",),
        ("out.csv", *STORE),
        (*DATA, "small/test_labels.csv"),
    ),
    "export": Row(
        ("export", "coco", "--output", "out.json", "--input", "small"), ("out.json",), ("out.json",), DATA
    ),
    "import": Row(
        ("import", "coco", "coco.json", "--output", "out.csv", "--input", "small"),
        ("out.csv",),
        ("out.csv",),
        ("coco.json", *DATA[1:]),  # train.csv is what an import extends
        merges=True,
    ),
    "run": Row(
        ("run", "tiny.toml", "--input", "small", "--output", "out/new.csv"),
        ("out/new.csv",),
        (*RUN, *OUT),
        ("small/train.csv", "small/sample_submission.csv"),
    ),
    "notebooks": Row(
        ("notebooks", "tiny.toml", "--input", "small", "--output", "out/new.csv"),
        ("out/new.csv",),
        (*RUN, *OUT),
        ("small/train.csv", "small/sample_submission.csv"),
    ),
    "train": Row(("train", "tiny.toml", "--input", "small"), (), RUN),
    "plan": Row(("plan", "tiny.toml", "--input", "small", "--hours", "1")),
    "predict": Row(("predict", "runs/tiny-small"), (), RUN),
    "tune": Row(("tune", "runs/tiny-small"), (), RUN),
    "submit": Row(
        ("submit", "runs/tiny-small", "--output", "out/new.csv"),
        ("out/new.csv",),
        (*RUN, *OUT),
        ("small/train.csv", "small/sample_submission.csv"),
    ),
    # The recipe splits into other folds than the run, so that nothing is trained.
    "distill": Row(
        ("distill", "runs/tiny-small", "--into", "three.toml"),
        (),
        (*RUN, "runs/three-distilled-small", "runs/three-distilled-small/*"),
        ("tiny.toml",),
        2,
    ),
    "segment": Row(
        ("segment", "runs/tiny-small", "small/test_images/test00.png", "--output", "out"), (), OUT
    ),
    "pack": Row(
        ("pack", "runs/tiny-small", "--output", "out", "--fp16"), (), ("out", "out/*")
    ),
    "kaggle": Row(("kaggle", "--check", "runs/tiny-small"), (), (), (), 2),  # what it writes, pip downloads
    "check": Row(
        ("check", CSV, "--input", "small", "--json", "out.json"), ("out.json",), ("out.json",), (CSV, *DATA)
    ),
    "diff": Row(
        ("diff", CSV, CSV, "--input", "small", "--json", "out.json", "--output", "out"),
        ("out.json",),
        ("out.json", *OUT),
        (CSV, *DATA),
    ),
    "score": Row(
        ("score", CSV, *TRUTH, "--json", "out.json", "--html", "out.html"),
        ("out.json", "out.html"),
        ("out.json", "out.html"),
        (CSV, *DATA),
    ),
    "metrics": Row(
        ("metrics", CSV, *TRUTH, "--json", "out.json"), ("out.json",), ("out.json",), (CSV, *DATA)
    ),
    "compare-submissions": Row(
        ("compare-submissions", CSV, "other.csv", *TRUTH, "--json", "out.json"),
        ("out.json",),
        ("out.json",),
        (CSV, "other.csv", *DATA),
    ),
    "compare-runs": Row(
        ("compare-runs", "runs/tiny-small", "runs/second", "--json", "out.json"),
        ("out.json",),
        ("out.json",),
        ("runs/tiny-small/scorecard.json", "runs/second/recipe.toml"),
    ),
    "compare": Row(
        ("compare", "tiny.toml", "--input", "small", "--train-folds", "1", "--output", "out"),
        (),
        ("runs", "runs/*", *OUT),
    ),
    "runs": Row(
        ("runs", "--json", "out.json"), ("out.json",), ("out.json",), ("runs/tiny-small/recipe.toml",)
    ),
    "ablate": Row(
        ("ablate", "tiny.toml", "--input=small", "--train-folds=1", "--switches", "ema", "--output", "out"),
        (),
        ("runs", "runs/*", *OUT),
    ),
    "recipes": Row(("recipes",)),
    "networks": Row(("networks",)),
    "losses": Row(("losses",)),
    "leaderboard": Row(
        ("leaderboard", CSV, "--public", "0.5"), (), ("submissions/leaderboard.csv",)
    ),
}  # fmt: skip
Snapshot = dict[str, tuple[object, ...]]


def snapshot(folder: Path) -> Snapshot:
    """By path below a folder: its kind, its permissions, and its bytes or where it leads."""
    found: Snapshot = {}
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            mode = path.lstat().st_mode
            if path.is_symlink():
                content = os.readlink(path)
            else:
                content = "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
            found[path.relative_to(folder).as_posix()] = (mode, content)
    return found


class Workspace:
    """A folder `work` with an input folder, a run and a submission; beside it, what belongs to the user."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture):
        self.home, self.work, self._capsys = home, home / "work", capsys

    def run(self, *words: str) -> tuple[int, str]:
        """Give a command in the working folder; its exit code and its error output."""
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(list(words))
        return ended.value.code or 0, self._capsys.readouterr().err

    def look(self) -> Snapshot:
        return snapshot(self.home)

    def changed(self, before: Snapshot) -> set[str]:
        """The paths below the working folder, and `../...` beside it, that are not as they were."""
        after = self.look()
        paths = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        return {path.removeprefix("work/") if path.startswith("work/") else f"../{path}" for path in paths}

    def strays(self, before: Snapshot, writes: tuple[str, ...]) -> set[str]:
        """The changed paths that no pattern allows."""
        return {path for path in self.changed(before) if not any(fnmatch(path, each) for each in writes)}


@pytest.fixture
def row() -> Callable[[str], Row]:
    return ROWS.__getitem__


@pytest.fixture
def rows() -> dict[str, Row]:
    return ROWS


@pytest.fixture
def workspace(
    copy_finished: Callable[[Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> Workspace:
    home = tmp_path / "home"
    work = home / "work"
    copy_finished(work)
    (home / ".bashrc").write_text("mine")
    (home / "thesis").mkdir()
    (home / "thesis" / "a.tex").write_text("mine")
    for name in ("HOME", "KAGGLE_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "nobody"))
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "SEVERSTAL_INPUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(work)
    shutil.copy(CSV, "other.csv")
    shutil.copytree("runs/tiny-small", "runs/second")
    tiny = Path("tiny.toml").read_text()
    Path("three.toml").write_text(
        tiny.replace("folds = 2", "folds = 3").replace("train_folds = 3", "train_folds = 2")
    )
    header, *labels = Path("small/train.csv").read_text().splitlines(keepends=True)
    Path("faulty.csv").write_text(header + "".join(reversed(labels)))  # which a repair sorts
    made = Workspace(home, capsys)
    assert made.run("export", "coco", "--output", "coco.json", "--input", "small")[0] == 0
    return made
