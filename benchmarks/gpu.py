"""Every figure that needs a GPU, in at most 12 minutes on one card; goes on where it stopped.

    python benchmarks/gpu.py --minutes 12 --output runs/gpu

On a bare machine (torch 2.11, no smp, no network) the pure packages and the weights are brought along, from a
machine with a network, in the checkout:

    pip install --target pkgs --no-deps segmentation-models-pytorch==0.6.0 timm==1.0.31 tyro==1.0.17 \
        accelerate==1.15.0 albumentations==2.0.8 albucore docstring-parser typeguard typing-extensions \
        iterative-stratification==0.1.9 tomli-w==1.2.0 huggingface-hub safetensors==0.8.0 filelock
    severstal weights champion_small laptop --fetch --pack weights
    PYTHONPATH=src:pkgs SEVERSTAL_WEIGHTS=weights python benchmarks/gpu.py --minutes 12 --output $OUT

What is measured, each part in a process of its own with a time limit, and kept in `OUTPUT/PART.json`, so that
the same command measures only what is missing:

    loop       our training end to end beside the usual fp32 loop, and beside a batch that stays on the card
    inference  files to maps beside the plain fp32 loop
    precision  steps and memory in fp32, bf16, fp16, and each compiled
    neu_seg    the first member of champion_small, fold 0, for as long as its share of the time
    tiles      the same on magnetic tiles

The data sets are those of `../shared/data` (`--data`); where these or the pretrained weights are missing, the
two parts say so. On a CPU a small encoder stands in, and the goals, which are a GPU's, are left out.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from severstal.files import write_json

GPU = torch.cuda.is_available()
ENCODER = "efficientnet-b3" if GPU else "tu-mobilenetv3_small_050"
BATCH, CROP = (24, (256, 512)) if GPU else (2, (64, 128))
GOALS = {
    "loop: times the usual fp32 loop": 3.0,
    "loop: of a batch that stays": 0.85,
    "inference: times the plain loop": 5.0,
}
DATA = Path(__file__).parents[1] / "../shared/data"
LEAST = 5.0  # seconds of time left with which a part is still begun
SHORTEST = 25.0  # seconds that a part gets at least, where so much is left: imports alone take some
EPOCHS = 25  # of a training part, 800 crops each

Figures = dict[str, float | str]


def measure_loop(_: argparse.Namespace, seconds: float) -> Figures:
    """Pictures a second of our loop, a batch that stays, and the usual loop."""
    from loop import measure

    rates = measure(ENCODER, BATCH, 40 if GPU else 3, 240 if GPU else 16, crop=CROP, runs=5 if GPU else 1)
    ours = rates["end to end"]
    return {
        "pictures per second": ours,
        "times the usual fp32 loop": ours / rates["usual loop, fp32"],
        "of a batch that stays": ours / rates["batch that stays"],
    }


def measure_inference(_: argparse.Namespace, seconds: float) -> Figures:
    """Pictures a second from files to maps, and of the plain loop."""
    from inference import measure

    rates = measure("baseline" if GPU else "smoke", 64 if GPU else 8)
    return {
        "pictures per second, one view": rates["ours, one view"],
        "times the plain loop": rates["ours, one view"] / rates["plain loop, one view"],
        "pictures per second, all views": rates["ours, all views"],
    }


def measure_precision(_: argparse.Namespace, seconds: float) -> Figures:
    """Pictures a second and the memory of each arithmetic, with and without torch.compile."""
    started, found = time.perf_counter(), Figures()
    for precision in ("fp32", "bf16", *(("fp16",) if GPU else ())):
        for compiled in (False, True) if GPU else (False,):
            if time.perf_counter() - started > 0.8 * seconds:
                return found
            if GPU:
                torch.cuda.reset_peak_memory_stats()
            name = f"{precision}{', compiled' if compiled else ''}"
            found[f"{name}: pictures per second"] = _pictures_a_second(precision, compiled)
            if GPU:
                found[f"{name}: peak memory in GB"] = torch.cuda.max_memory_allocated() / 1e9
    return found


def _pictures_a_second(precision: str, compiled: bool) -> float:
    """Of training steps on a batch that stays."""
    from severstal.device import make_accelerator
    from severstal.losses.registry import build_loss
    from severstal.models.registry import build_model
    from severstal.recipe import TrainingSettings
    from severstal.training.placement import compile_network, place_network

    accelerator = make_accelerator(precision)
    network = place_network(build_model("fpn", ENCODER), TrainingSettings(), accelerator).train()
    model = compile_network(network) if compiled else network
    optimizer = torch.optim.AdamW(network.parameters(), 5e-4, fused=True)
    scaler = accelerator.scaler or torch.amp.GradScaler(enabled=False)
    loss = build_loss({"bce": 0.75, "dice": 0.25}).to(accelerator.device)
    pictures = torch.randn(BATCH, 1, *CROP, device=accelerator.device)
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    masks = torch.zeros(BATCH, 4, *CROP, device=accelerator.device)
    masks[:, 2, :32, :32] = 1

    def step() -> None:
        optimizer.zero_grad()
        with accelerator.autocast():
            value = loss(model(pictures), masks, masks.amax((2, 3)))
        scaler.scale(value).backward()
        scaler.step(optimizer)
        scaler.update()

    return BATCH * _steps_a_second(step, 20 if GPU else 2)


def train_member(name: str, arguments: argparse.Namespace, seconds: float) -> Figures:
    """The first member of champion_small on fold 0 of a data set, for about as long as is left."""
    from severstal.errors import SeverstalError
    from severstal.evaluation.bootstrap import interval
    from severstal.experiments.evaluation import defect_interval
    from severstal.models.weights import find_weights
    from severstal.pipeline import find_rules, train
    from severstal.recipe import load_recipe
    from severstal.recipe.switches import change
    from severstal.runs.opening import open_job

    root = arguments.data / name
    if not root.is_dir():
        return {"not measured": f"{root} is not there"}
    member = load_recipe("champion_small").members[0]
    weights = member.model.encoder_weights
    try:
        find_weights(member.model.encoder_name, weights)
    except SeverstalError:
        weights = "none"
    settings = {
        "data.train_folds": 1,
        "data.fold_seed": 0,
        "pseudo.rounds": 0,
        "model.encoder_weights": weights,
        "training.checkpoint_activations": False,
        "training.accumulate": 1,
        "training.epochs": EPOCHS if GPU else 1,
        "training.epoch_images": 800 if GPU else 2,
        "training.batch_size": 16 if GPU else 2,
        "inference.weights": "last",
        "inference.map_scale": 1,
    }
    if not GPU:
        settings |= {"model.encoder_name": ENCODER, "model.encoder_weights": "none", "data.max_images": 100}
    recipe = replace(change(member, settings), name=f"gpu-{name}", phases=member.phases if GPU else ())
    job = open_job(recipe, root, f"gpu-{name}")
    train(job)
    trained, found = find_rules(job)
    pairs = found.pairs
    score, defects = interval(pairs.dice, pairs.groups), defect_interval(pairs)
    epochs = trained[0].histories[0]
    return {
        "encoder": f"{recipe.model.encoder_name}, weights {recipe.model.encoder_weights}",
        "score, cross-fitted": score.mean,
        "95 % from": score.low,
        "95 % to": score.high,
        "all-empty baseline": pairs.score.all_empty,
        "Dice on defects": float("nan") if defects is None else defects.mean,
        "crops": sum(epoch["pictures"] for epoch in epochs),
        "minutes": sum(epoch["seconds"] for epoch in epochs) / 60,
    }


def _steps_a_second(step: Callable[[], None], steps: int) -> float:
    for _ in range(min(3, steps)):
        step()
    if GPU:
        torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(steps):
        step()
    if GPU:
        torch.cuda.synchronize()
    return steps / (time.perf_counter() - started)


PARTS: dict[str, tuple[float, Callable[[argparse.Namespace, float], Figures]]] = {
    "loop": (0.15, measure_loop),
    "inference": (0.1, measure_inference),
    "precision": (0.25, measure_precision),
    "neu_seg": (0.25, lambda arguments, seconds: train_member("neu_seg", arguments, seconds)),
    "tiles": (0.25, lambda arguments, seconds: train_member("magnetic_tile", arguments, seconds)),
}
"""Each part with its share of the time; what one leaves, the next may take."""


def run_part(name: str, arguments: argparse.Namespace, seconds: float) -> str:
    """Measure one part in a process of its own; say how it ended."""
    command = [
        sys.executable,
        __file__,
        "--part",
        name,
        "--seconds",
        str(seconds),
        "--output",
        str(arguments.output),
    ]
    command += ["--data", str(arguments.data)]
    try:
        done = subprocess.run(command, timeout=seconds, capture_output=True, text=True, env=os.environ)
    except subprocess.TimeoutExpired:
        return f"not done in {seconds:.0f} s: the same command goes on"
    (arguments.output / f"{name}.log").write_text(done.stdout + done.stderr)
    return "" if done.returncode == 0 else f"failed: {(done.stderr.strip().splitlines() or ['?'])[-1][:150]}"


def format_table(output: Path, states: dict[str, str]) -> str:
    """All that was measured, a line each."""
    lines = [f"{torch.cuda.get_device_name() if GPU else 'CPU'}, torch {torch.__version__}"]
    for name in PARTS:
        path = output / f"{name}.json"
        if not path.is_file():
            lines.append(f"{name:10} {states.get(name) or 'not reached'}")
            continue
        for what, value in json.loads(path.read_text()).items():
            goal = GOALS.get(f"{name}: {what}") if GPU else None
            met = "" if goal is None else f"   goal {goal:g}: {'met' if value >= goal else 'missed'}"
            lines.append(f"{name:10} {what:34} {value if isinstance(value, str) else f'{value:10.4g}'}{met}")
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, print all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--output", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=0.0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    if arguments.part:
        figures = PARTS[arguments.part][1](arguments, arguments.seconds)
        write_json(arguments.output / f"{arguments.part}.json", figures)
        return
    end, states = time.monotonic() + 60 * arguments.minutes, {}
    missing = [name for name in PARTS if not (arguments.output / f"{name}.json").is_file()]
    for place, name in enumerate(missing):
        left = end - time.monotonic()
        share = PARTS[name][0] / sum(PARTS[later][0] for later in missing[place:])
        if left < LEAST:
            break
        states[name] = run_part(name, arguments, min(left, max(SHORTEST, left * share)))
    print(format_table(arguments.output, states))


if __name__ == "__main__":
    main()
