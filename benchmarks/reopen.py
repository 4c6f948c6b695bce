"""Time to open a complete run again, find it complete and leave it unchanged.

    python benchmarks/reopen.py [--recipe smoke] [--input DIR]

Runs the recipe to its end first, which takes as long as it takes; then prints the seconds of five calls in a
new process each, imports apart, and whether any file was written.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

from severstal import pipeline

CALL = """
import sys, time
from severstal import pipeline
import severstal.training.fit, albumentations
begun = time.perf_counter()
pipeline.run(sys.argv[1], sys.argv[2], sys.argv[3])
print(time.perf_counter() - begun)
"""
OUTPUT = "submissions/reopened.csv"


def times(folder: Path) -> dict[Path, int]:
    """When each file of a folder was last written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def main() -> None:
    """Print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="smoke")
    parser.add_argument("--input", default=None)
    arguments = parser.parse_args()
    finished = pipeline.run(arguments.recipe, arguments.input, OUTPUT)
    root = str(finished.run.data.root)
    before, seconds = times(finished.run.folder), []
    for _ in range(5):
        words = [sys.executable, "-c", CALL, arguments.recipe, root, OUTPUT]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        seconds.append(float(done.stdout.splitlines()[-1]))
    written = "nothing written" if times(finished.run.folder) == before else "files were written"
    size = sum(path.stat().st_size for path in before) / 1e6
    print(
        f"{finished.run.folder.name}, {len(before)} files, {size:,.0f} MB: median "
        f"{statistics.median(seconds):.2f} s, {min(seconds):.2f} to {max(seconds):.2f}; {written}"
    )


if __name__ == "__main__":
    main()
