"""The share of small mutations of the core that its tests notice.

    python benchmarks/mutants.py --count 100 --seed 1 --results mutants.jsonl
    python benchmarks/mutants.py --results mutants.jsonl --again      the survivors, once tests were added
    python benchmarks/mutants.py --known                              those of `mutants.toml`, one by one

Mutations are sampled over all of the core's expressions (`mutations.py`): comparisons and their limits,
operators, constants, conditions, settings left to their defaults, calls left out. Each is written into a copy
of the project, where only the mirrored tests run: `tests/decision/test_search.py` and the doctests for
`decision/search.py`; all tests of the folder where a file has no test of its own. Slow tests are left out. A
mutant is caught when a test fails, or takes more seconds of CPU than `--limit`. In the end the tests that
failed are run without a mutation: what one of them caught counts only if it passes then.

`mutants.toml` names mutants that no test can catch, as they change no result (equivalent ones), each with the
reason, and known ones that once survived. Results are JSON lines, appended as they come: after a break, the
same command goes on. Tools such as mutmut and cosmic-ray start Python for each mutant, or test each with the
whole suite; here a process that has imported torch and the other packages is forked for each.
"""

import argparse
import importlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from mutations import Mutation, find_mutations

ROOT = Path(__file__).parents[1]
CORE = ["competition", "decision", "evaluation", "losses", "inference", "data/augment", "data/*.py"]
ABOUT = Path(__file__).with_suffix(".toml")
PACKAGES = [
    "torch",
    "torchvision",
    "cv2",
    "pandas",
    "scipy.stats",
    "sklearn",
    "timm",
    "albumentations",
    "tyro",
]
PACKAGES += [
    "segmentation_models_pytorch",
    "matplotlib.pyplot",
    "hypothesis",
    "pytest",
    "accelerate",
    "skimage",
]
WAIT = 20  # times the limit of CPU: seconds after which a process that waits for ever is ended
CAUGHT = ("failed", "time limit")


def core() -> list[str]:
    """The source files that are mutated, from the root."""
    package, files = ROOT / "src" / "severstal", []
    for name in CORE:
        found = package.glob(name) if name.endswith(".py") else (package / name).rglob("*.py")
        files += [path.relative_to(ROOT).as_posix() for path in found if path.name != "__init__.py"]
    return sorted(files)


def mirrored(file: str) -> list[str]:
    """The tests of a source file: its own and its doctests, else those of its folder."""
    source = Path(file)
    folder = Path("tests", *source.parts[2:-1])
    own = folder / f"test_{source.name}"
    tests = (
        [own]
        if (ROOT / own).is_file()
        else sorted(p.relative_to(ROOT) for p in (ROOT / folder).glob("test_*.py"))
    )
    return [file, *map(str, tests)]


class Copy:
    """A copy of the sources and tests in a folder, in which one file at a time is mutated."""

    def __init__(self, folder: Path):
        self.folder = folder / "project"
        self.folder.mkdir()
        for path in ROOT.iterdir():
            if path.name in ("src", "tests"):
                shutil.copytree(path, self.folder / path.name, ignore=shutil.ignore_patterns("__pycache__"))
            elif not path.name.startswith("."):
                (self.folder / path.name).symlink_to(path)
        if (ROOT.parent / "shared").is_dir():
            (folder / "shared").symlink_to(ROOT.parent / "shared")

    def test(self, mutation: Mutation | None, tests: list[str], limit: int) -> tuple[str, list[str], float]:
        """Run tests on a mutation, to the first that fails; without one, all.

        Returns:
            `passed`, `failed` or `time limit`; the tests that failed; seconds.
        """
        failed, begun = self.folder.parent / "failed.txt", time.monotonic()
        failed.write_text("")
        if mutation is not None:
            (self.folder / mutation.file).write_bytes(mutation.apply((ROOT / mutation.file).read_bytes()))
        try:
            child = os.fork()
            if not child:
                self._be_pytest(["-x", *tests] if mutation else tests, failed, limit)
            result = self._wait(child, begun + WAIT * limit)
        finally:
            if mutation is not None:
                shutil.copy(ROOT / mutation.file, self.folder / mutation.file)
        return result, failed.read_text().splitlines(), round(time.monotonic() - begun, 1)

    def _be_pytest(self, tests: list[str], failed: Path, limit: int) -> None:
        code = 3
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            file = os.open(self.folder.parent / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for stream in (1, 2):
                os.dup2(file, stream)
            os.chdir(self.folder)
            os.environ |= {"PYTHONPATH": str(self.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
            sys.dont_write_bytecode = True
            sys.path = [str(self.folder / "src"), *(path for path in sys.path if path != str(ROOT / "src"))]
            options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow", "--tb=line"]
            code = importlib.import_module("pytest").main([*options, *tests], plugins=[Failures(failed)])
        finally:
            os._exit(code)

    @staticmethod
    def _wait(child: int, until: float) -> str:
        while time.monotonic() < until:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                spent = code in (-signal.SIGXCPU, -signal.SIGKILL)
                return "time limit" if spent else "failed" if code else "passed"
            time.sleep(0.02)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return "time limit"


class Failures:
    """Writes the names of tests that fail into a file."""

    def __init__(self, file: Path):
        self.file = file

    def _note(self, report: object) -> None:
        if report.failed:
            with self.file.open("a") as file:
                file.write(f"{report.nodeid}\n")

    pytest_runtest_logreport = pytest_collectreport = _note


def sample(count: int, seed: int, files: list[str]) -> list[Mutation]:
    """So many mutations of files, every one as likely as every other."""
    found = [each for file in files for each in find_mutations(file, (ROOT / file).read_bytes())]
    return random.Random(seed).sample(found, min(count, len(found)))


def known(about: dict) -> list[Mutation]:
    """The mutations of `mutants.toml`, found by their text."""
    found = []
    for entry in about["known"]:
        source = (ROOT / entry["file"]).read_text()
        times = source.count(entry["old"])
        if times != 1:
            sys.exit(f"{ABOUT.name}: {entry['file']} has {entry['old']!r} {times} times, not once")
        start = len(source[: source.index(entry["old"])].encode())
        line = source[: source.index(entry["old"])].count("\n") + 1
        end = start + len(entry["old"].encode())
        found.append(Mutation(entry["file"], line, entry["old"], start, end, entry["old"], entry["new"]))
    return found


def main() -> None:
    """Test the mutants, one line each, and print the share that is caught."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", nargs="+", default=core(), help="in place of the whole core")
    parser.add_argument("--results", type=Path, help="JSON lines, to which is appended")
    parser.add_argument("--again", action="store_true", help="test the survivors of the results again")
    parser.add_argument("--limit", type=int, default=60, help="seconds of CPU for the tests of a mutant")
    parser.add_argument("--known", action="store_true", help="test the known mutants")
    arguments = parser.parse_args()

    about = tomllib.loads(ABOUT.read_text())
    equivalent = {(each["file"], each["text"], each["old"], each["new"]) for each in about["equivalent"]}
    done: dict[str, dict] = {}
    if arguments.results is not None and arguments.results.is_file():
        done = {row["key"]: row for row in map(json.loads, arguments.results.read_text().splitlines())}
    if arguments.known:
        mutants = known(about)
    elif arguments.again:
        left = {key for key, row in done.items() if row["result"] not in CAUGHT}
        files = sorted({done[key]["file"] for key in left})
        mutants = [m for m in sample(sys.maxsize, 0, files) if m.key in left]
    else:
        mutants = sample(arguments.count, arguments.seed, arguments.files)

    for name in PACKAGES:
        importlib.import_module(name)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        for number, mutant in enumerate(mutants, 1):
            row = done.get(mutant.key)
            if row is None or (arguments.again and row["result"] not in CAUGHT):
                result, failed, seconds = copy.test(mutant, mirrored(mutant.file), arguments.limit)
                row = mutant.to_json() | {"result": result, "tests": failed, "seconds": seconds}
                if arguments.results is not None:
                    with arguments.results.open("a") as file:
                        file.write(json.dumps(row) + "\n")
            rows.append(row)
            row["equivalent"] = (mutant.file, mutant.text, mutant.old, mutant.new) in equivalent
            word = f"caught by {' '.join(row['tests']) or row['result']}"
            if row["result"] not in CAUGHT:
                word = "equivalent" if row["equivalent"] else "SURVIVED"
            print(f"{number:4} {mutant.file}:{mutant.line}  {mutant.old} -> {mutant.new}  {word}", flush=True)
        tests = sorted({test for row in rows for test in row["tests"]})
        result, failed, _ = copy.test(None, tests, 100 * arguments.limit) if tests else ("passed", [], 0.0)
        if result != "passed":
            print("these tests fail or end early without a mutation, and what they caught does not count:")
            print("\n".join(failed or tests))
    bad = set() if result == "passed" else set(failed or tests)
    caught = sum(row["result"] in CAUGHT and not bad & set(row["tests"]) for row in rows)
    same = sum(row["equivalent"] and row["result"] not in CAUGHT for row in rows)
    share = caught / max(1, len(rows) - same)
    print(f"{len(rows)} mutants, {same} equivalent, {caught} of {len(rows) - same} caught: {share:.1%}")


if __name__ == "__main__":
    main()
