"""Steps per second of a training alone and beside other work, by how OpenMP's threads wait for each other.

    python benchmarks/contention.py
    python benchmarks/contention.py --settings default 10000 --seconds 5 --repeats 5
    sudo python benchmarks/contention.py --priority -20     where other programs would disturb

Threads of GNU's OpenMP, which torch's Linux packages bring, spin while they wait for one another: by default
300,000 rounds, some 10 ms. Where other programs want the cores too, a spinning thread burns the time in which
the thread that it waits for could run. Each setting is measured alone, beside two busy loops and beside two
trainings of the same setting, all on two cores. The fair share is what would be left if nothing were lost:
the default's rate alone times this training's share of all threads, 2 of 4 beside the loops and 2 of 6 beside
the trainings. A training chooses between one thread and two by itself (`training/cpu_threads.py`).

The network is a Unet of 0.7 million parameters, on a batch of 8 crops of 64 x 128 that stays in memory.
Figures are medians of several measurements. The last column tells how many cores other programs took at most
meanwhile: where they take many, a setting in which threads sleep looks slower alone than it is.
"""

import argparse
import mmap
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from struct import Struct

CORES = 2
DEFAULT = "300000"  # GOMP_SPINCOUNT, where neither it nor OMP_WAIT_POLICY is set
SETTINGS: dict[str, dict[str, str]] = {
    "default": {"GOMP_SPINCOUNT": DEFAULT},
    "passive": {"OMP_WAIT_POLICY": "PASSIVE"},
    "1000": {"GOMP_SPINCOUNT": "1000"},
    "3000": {"GOMP_SPINCOUNT": "3000"},
    "10000": {"GOMP_SPINCOUNT": "10000"},
    "30000": {"GOMP_SPINCOUNT": "30000"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
SHARES = {"alone": 1, "two loops": 2 / 4, "two trainings": 2 / 6}
LOSS_ALONE, FAIR = 0.03, 0.8  # what a setting may lose alone, and has to reach of the fair share
PROGRESS = Struct("qdq")  # steps done, when the last was, and the process that did them
WARM = 3  # steps


def train(progress: list[Path]) -> None:
    """Train for ever, one process for each file, which tells how many steps are done."""
    import torch

    from severstal.device import make_accelerator
    from severstal.losses.registry import build_loss
    from severstal.memory import MicroBatches
    from severstal.models.registry import build_model
    from severstal.training.loader import Crops
    from severstal.training.state import TrainingState
    from severstal.training.step import TrainStep

    file = progress[0]
    for other in progress[1:]:  # forked before OpenMP starts any thread: the packages are imported once
        if not os.fork():
            file = other
            break
    size, classes, (height, width) = 8, 4, (64, 128)
    options = {"decoder_channels": (64, 48, 32, 16, 16)}
    network = build_model("unet", "tu-test_resnet", classes=classes, options=options)
    optimizer = torch.optim.AdamW(network.train().parameters())
    state = TrainingState(network, optimizer, MicroBatches(1))
    step = TrainStep(state, network, build_loss({"bce": 0.75, "dice": 0.25}), make_accelerator("fp32"))
    pictures = torch.randn(size, 1, height, width)
    masks = (torch.rand(size, classes, height, width) > 0.9).float()
    crops = Crops(pictures, masks, masks.amax((2, 3)), torch.arange(size), torch.arange(size), size)
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), PROGRESS.size) as shared:
        for number in range(sys.maxsize):
            step(crops, seed=number)
            shared[:] = PROGRESS.pack(number + 1, time.perf_counter(), os.getpid())


def loop(progress: list[Path]) -> None:
    """Keep a core busy for ever, one process for each file."""
    file = progress[0]
    for other in progress[1:]:
        if not os.fork():
            file = other
            break
    file.write_bytes(PROGRESS.pack(WARM, 0.0, os.getpid()))
    while True:
        pass


class Program:
    """A process that is stopped but while it is measured; its file tells what it has done.

    Args:
        file: which it writes.
        priority: niceness for all of its threads while it is measured.
    """

    def __init__(self, file: Path, priority: int):
        self.file, self.priority, self.pid = file, priority, 0
        file.write_bytes(PROGRESS.pack(0, 0.0, 0))

    def wait_until_warm(self) -> None:
        """Wait for its first steps, then stop it."""
        while self.steps()[0] < WARM:
            time.sleep(0.05)
        self.pid = PROGRESS.unpack(self.file.read_bytes())[2]
        os.kill(self.pid, signal.SIGSTOP)

    def steps(self) -> tuple[int, float]:
        """Steps done, and when the last was."""
        return PROGRESS.unpack(self.file.read_bytes())[:2]

    def wait_for_steps(self, count: int) -> None:
        """Wait until it has done more steps."""
        enough = self.steps()[0] + count
        while self.steps()[0] < enough:
            time.sleep(0.02)

    def cpu_seconds(self) -> float:
        """Seconds of CPU that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let it run while the block does."""
        if self.priority:
            for thread in os.listdir(f"/proc/{self.pid}/task"):
                os.setpriority(os.PRIO_PROCESS, int(thread), self.priority)
        os.kill(self.pid, signal.SIGCONT)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGSTOP)


@contextmanager
def programs(kind: str, count: int, setting: dict[str, str], priority: int) -> Iterator[list[Program]]:
    """So many processes of a kind, warm and stopped."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    with tempfile.TemporaryDirectory() as folder:
        started = [Program(Path(folder) / str(number), priority) for number in range(count)]
        command = [sys.executable, __file__, kind, *(str(program.file) for program in started)]
        process = subprocess.Popen(command, env=kept | setting, process_group=0)
        try:
            for program in started:
                program.wait_until_warm()
            yield started
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def cpu_seconds() -> float:
    """Seconds that this machine's cores have worked for anybody since it started."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")  # but idle and waiting for disks


def measure(running: list[Program], trainings: int, seconds: float) -> tuple[float, float]:
    """Mean steps per second of the first programs, and how many cores programs other than these took."""
    with ExitStack() as stack:
        for program in running:
            stack.enter_context(program.running())
        for program in running[:trainings]:
            program.wait_for_steps(2)  # until its memory is back from the swap, where there is one
        busy, began = cpu_seconds() - sum(p.cpu_seconds() for p in running), time.perf_counter()
        before = [program.steps() for program in running[:trainings]]
        time.sleep(seconds)
        after = [program.steps() for program in running[:trainings]]
        busy = cpu_seconds() - sum(p.cpu_seconds() for p in running) - busy
        others = busy / (time.perf_counter() - began)
    rates = [
        (done - begun) / (end - start) if done > begun else 0.0
        for (begun, start), (done, end) in zip(before, after, strict=True)
    ]
    return statistics.mean(rates), others


def main() -> None:
    """Print one line a setting."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    if sys.argv[1:2] in (["train"], ["loop"]):
        {"train": train, "loop": loop}[sys.argv[1]]([Path(name) for name in sys.argv[2:]])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--priority", type=int, default=0, help="niceness of all that is measured")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds after each, for other programs")
    parser.add_argument("--each", action="store_true", help="print each measurement, too")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the programs end with this one

    found = {(name, beside): [] for name in arguments.settings for beside in SHARES}
    with programs("loop", 2, {}, arguments.priority) as loops:
        for name in arguments.settings:
            with programs("train", 3, SETTINGS[name], arguments.priority) as (first, *two):
                for _ in range(arguments.repeats):
                    for beside, others, counted in zip(SHARES, ([], loops, two), (1, 1, 3), strict=True):
                        found[name, beside].append(measure([first, *others], counted, arguments.seconds))
                        if arguments.each:
                            rate, disturbed = found[name, beside][-1]
                            print(f"{name}, {beside}: {rate:.2f}, others {disturbed:.2f} cores", flush=True)
                        time.sleep(arguments.pause)

    rates = {key: statistics.median(rate for rate, _ in values) for key, values in found.items()}
    print(f"steps per second on {CORES} cores, median of {arguments.repeats} times {arguments.seconds:g} s")
    print(f"{'waiting':12}" + "".join(f"{beside:>24}" for beside in SHARES) + "   others, cores")
    for name in arguments.settings:
        line = f"{name:12}"
        for beside, share in SHARES.items():
            fair = share * rates.get(("default", "alone"), float("nan"))
            line += f"{rates[name, beside]:8.2f} ({rates[name, beside] / fair:4.0%} of fair)"
        most = max(others for beside in SHARES for _, others in found[name, beside])
        print(f"{line}   {most:.2f}")
    print(f"wanted: {1 - LOSS_ALONE:.0%} alone, {FAIR:.0%} of the fair share beside other work")


if __name__ == "__main__":
    main()
