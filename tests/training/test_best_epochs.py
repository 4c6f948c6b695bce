"""The weights of the best epochs are there for every state that calls them best, and no others are left."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from severstal.training.best_epochs import BestEpochs


def histories(figures: list[tuple[float, float | None]]) -> list[dict[str, object]]:
    return [{"epoch": n, "score": s, "dice_on_defects": d} for n, (s, d) in enumerate(figures, 1)]


def network(value: float) -> nn.Module:
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, value)
    return net


def train(best: BestEpochs, scores: list[float]) -> None:
    epochs = histories([(score, None) for score in scores])
    for end in range(1, len(epochs) + 1):
        best.keep(network(scores[end - 1]), epochs[:end])
        best.publish(epochs[:end])


def test_the_best_are_kept_and_the_best_one_is_the_model(tmp_path: Path) -> None:
    best = BestEpochs(tmp_path, 2)
    train(best, [0.5, 0.7, 0.6, 0.4])
    assert sorted(path.name for path in (tmp_path / "best").iterdir()) == [
        "epoch0002.safetensors",
        "epoch0003.safetensors",
    ]
    assert load_file(tmp_path / "model.safetensors")["weight"].item() == torch.tensor(0.7).item()
    paths = best.paths(histories([(0.5, None), (0.7, None), (0.6, None), (0.4, None)]))
    assert [path.name for path in paths] == ["epoch0002.safetensors", "epoch0003.safetensors"]


def test_files_of_a_state_stay_until_the_next_state_is_written(tmp_path: Path) -> None:
    best = BestEpochs(tmp_path, 1)
    train(best, [0.5])
    longer = histories([(0.5, None), (0.9, None)])
    best.keep(network(0.9), longer)  # killed here, the state still says that epoch 1 is the best
    assert best.paths(longer[:1])[0].is_file()
    best.publish(longer)
    assert not best.paths(longer[:1])[0].exists()


def test_an_earlier_training_s_files_are_cleared(tmp_path: Path) -> None:
    best = BestEpochs(tmp_path, 3)
    best.clear()
    train(best, [0.5, 0.6])
    best.clear()
    assert not (tmp_path / "best").exists()
    train(best, [0.5, 0.6])
    for name in ("notes.txt", "epoch0001.safetensors.bak", "epoch-mine.safetensors"):
        (tmp_path / "best" / name).write_text("mine")
    best.clear()
    assert len(list((tmp_path / "best").iterdir())) == 3
