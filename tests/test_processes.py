"""Two processes train as one would, and one command given to both does everything once."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from severstal import processes
from severstal.logs import log_shown
from severstal.processes import distributed, is_main_process, main_process_first

RECIPE = """
[data]
folds = 2
train_folds = 2

[sampling]
hard_negatives = 0.3

[augment]
crop = [64, 64]

[model]
architecture = "fpn"
encoder_name = "tu-test_convnext"
encoder_weights = "none"
options = {decoder_pyramid_channels = 32, decoder_segmentation_channels = 32, decoder_dropout = 0.0}

[training]
epochs = 3
epoch_images = 25
batch_size = 8
learning_rate = 1e-2
optimizer = "sgd"
clip = 1.0
"""

SCRIPT = """
import sys
from dataclasses import replace
from severstal.runs.opening import open_job
from severstal.training.loader import FoldData
from severstal.training.fit import fit
from severstal.logs import show_log
from severstal.processes import distributed
show_log()
with distributed():
    job = open_job(sys.argv[1], sys.argv[2])
    data = FoldData(job.train_pictures, job.masks, job.spec, job.images[:11], job.images[11:])
    for size in (8, 7):
        recipe = replace(job.recipe, training=replace(job.recipe.training, batch_size=size))
        fit(data, recipe, 0, f"{sys.argv[3]}/{size}", "key")
    mixed = replace(recipe, augment=replace(recipe.augment, mixup=0.4))
    slow = replace(mixed.training, learning_rate=3e-3)  # 1e-2 amplifies rounding
    fit(data, replace(mixed, training=slow), 0, f"{sys.argv[3]}/mixed", "key")
"""

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
TRAIN = ["-m", "severstal", "train", "tiny.toml", "--input", "small", "--name"]


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def history(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_two_processes_train_as_one(small_input: Path, tmp_path: Path) -> None:
    """Batches in equal halves and in uneven ones, mixed too, seven held-out images, mining, clipping."""
    (tmp_path / "recipe.toml").write_text(RECIPE)
    (tmp_path / "script.py").write_text(SCRIPT)
    words = ["script.py", "recipe.toml", small_input]
    one = run(sys.executable, *words, "one", folder=tmp_path)
    assert one.returncode == 0, one.stdout
    two = run(*TORCHRUN, *words, "two", folder=tmp_path)
    assert two.returncode == 0, two.stdout
    assert two.stdout.count("epoch 1/3: loss") == 3  # once for each of the three trainings

    for name in ("8", "7", "mixed"):
        alone, shared = history(tmp_path / "one" / name), history(tmp_path / "two" / name)
        assert len(alone) == len(shared) == 3
        for key in ("loss", "score", "dice_on_defects"):
            assert [epoch[key] for epoch in shared] == pytest.approx(
                [epoch[key] for epoch in alone], rel=1e-5
            )
        assert alone[0]["loss"] > 1.0001 * alone[-1]["loss"]  # it learns: equal weights are no standstill
        first, second = (load_file(tmp_path / run / name / "last.safetensors") for run in ("one", "two"))
        assert not any("running_mean" in name for name in first)  # nothing that sees only its half of a batch
        for weight in first:
            assert torch.allclose(first[weight], second[weight], rtol=1e-5, atol=1e-6), (name, weight)


@pytest.mark.slow
def test_one_command_for_both_trains_the_folds_once(
    small_input: Path, tiny_recipe: Path, tmp_path: Path
) -> None:
    ran = run(*TORCHRUN, *TRAIN, "shared", folder=tmp_path)
    assert ran.returncode == 0, ran.stdout
    for line in ("folds: 18 images", "fold 0 epoch 1/2: loss", "fold 1 epoch 2/2: loss"):
        assert ran.stdout.count(line) == 1, ran.stdout
    assert ran.stdout.count("runs/shared\n") == 1
    again = run(
        sys.executable, *TRAIN, "shared", folder=tmp_path
    )  # one process goes on: nothing is left to do
    assert again.returncode == 0
    assert again.stdout == "runs/shared\n"


@pytest.mark.slow
def test_an_error_is_reported_once(small_input: Path, tiny_recipe: Path, tmp_path: Path) -> None:
    (small_input / "train.csv").write_text("ImageId,ClassId,EncodedPixels\ntrain01.png,9,1 1\n")
    ran = run(*TORCHRUN, *TRAIN, "faulty", folder=tmp_path)
    assert ran.returncode != 0
    assert ran.stdout.count("severstal: ") == 1, ran.stdout
    assert "train.csv row 1" in ran.stdout


def test_a_single_process_runs_and_prints(capsys: pytest.CaptureFixture[str]) -> None:
    with distributed(), main_process_first():
        print("printed")
    assert is_main_process()
    assert capsys.readouterr().out == "printed\n"


def test_processes_but_the_main_one_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with log_shown(), processes._silenced():
        print("dropped")
        logging.getLogger("severstal").warning("dropped")
    assert capsys.readouterr() == ("", "")


def test_only_the_first_process_is_the_main_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank, main in (("0", True), ("1", False)):
        monkeypatch.setenv("RANK", rank)
        assert is_main_process() == main


def test_a_broken_connection_is_distinguished_from_another_error() -> None:
    assert processes._is_lost_connection(
        RuntimeError("[../third_party/gloo/pair.cc:547] Connection closed by peer")
    )
    assert not processes._is_lost_connection(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
