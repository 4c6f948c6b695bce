"""Time and memory of a whole command, its child processes included.

    python benchmarks/command.py make submission INPUT=input/sample
    python benchmarks/command.py make test

For a first run, not one that skips what is done, delete the run's folder before. Memory is the sum of the
resident sets of all processes, sampled four times a second, so pages that they share count more than once.
"""

import subprocess
import sys
import time

import psutil

PAUSE = 0.25  # seconds between two looks


def main() -> None:
    """Run the command of the arguments and print one line after its own output."""
    command = sys.argv[1:]
    if not command:
        sys.exit(__doc__)
    started, peak = time.perf_counter(), 0
    process = subprocess.Popen(command)
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(PAUSE)
    seconds = time.perf_counter() - started
    code = process.returncode
    print(f"{' '.join(command)}: {seconds:.0f} s, {peak / 1e9:.2f} GB at its peak, exit code {code}")
    sys.exit(code)


def resident(pid: int) -> int:
    """Bytes of memory that a process and its children hold."""
    total = 0
    try:
        tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in tree:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


if __name__ == "__main__":
    main()
