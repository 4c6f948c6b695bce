"""What happened in each epoch: JSON lines for programs, one tidy line for a person."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from severstal.competition.metric import Score
from severstal.errors import SeverstalError

SCORES = ("score", "all_empty", "dice_on_defects", "defects_found", "empty_kept")


class History:
    """The epochs of a fold so far.

    Args:
        epochs: earlier ones, where a training goes on.

    Attributes:
        epochs: one dictionary an epoch: `epoch` from 1, `loss`, `learning_rate`, the validation's figures,
            `seconds`.
    """

    def __init__(self, epochs: Sequence[dict[str, Any]] = ()):
        self.epochs = list(epochs)
        self._started = time.perf_counter()

    def __len__(self) -> int:
        return len(self.epochs)

    def start_epoch(self) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def end_epoch(self, loss: float, learning_rate: float, score: Score) -> None:
        """Add an epoch with its validation."""
        figures = score.to_dict()
        self.epochs.append(
            {"epoch": len(self.epochs) + 1, "loss": loss, "learning_rate": learning_rate}
            | {name: figures[name] for name in SCORES}
            | {"seconds": round(time.perf_counter() - self._started, 2)}
        )

    def last_is_best(self) -> bool:
        """Whether the last epoch has the best score; of equal scores the higher Dice on defects is better.

        A network that still predicts nothing scores like the empty submission, epoch after epoch.
        """
        return best_epoch(self.epochs) is self.epochs[-1]

    def line(self, epochs: int) -> str:
        """The last epoch in one line for a person."""
        last = self.epochs[-1]
        left = (epochs - len(self)) * sum(epoch["seconds"] for epoch in self.epochs) / len(self)
        dice = "none" if last["dice_on_defects"] is None else f"{last['dice_on_defects']:.3f}"
        return (
            f"epoch {last['epoch']}/{epochs}: loss {last['loss']:.4f}, score {last['score']:.4f} "
            f"(all empty {last['all_empty']:.4f}), Dice on defects {dice}, "
            f"{last['seconds']:.0f} s, {left / 60:.0f} min left"
        )

    def to_lines(self) -> str:
        """JSON lines, one an epoch."""
        return "".join(json.dumps(epoch) + "\n" for epoch in self.epochs)


def best_epoch(epochs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The epoch with the best score; of equal scores that with the higher Dice on defects, then the first.

    Example:
        >>> best_epoch([{"score": 0.8, "dice_on_defects": 0.1}, {"score": 0.8, "dice_on_defects": 0.2}])
        {'score': 0.8, 'dice_on_defects': 0.2}
    """
    return max(epochs, key=lambda epoch: (epoch["score"], epoch["dice_on_defects"] or 0.0))


def load_history(path: str | Path) -> list[dict[str, Any]]:
    """Read `history.jsonl`.

    Raises:
        SeverstalError: the file is missing or is not JSON lines.
    """
    try:
        return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such history: train the fold first") from None
    except json.JSONDecodeError as error:
        raise SeverstalError(f"{path}: not JSON lines ({error}): train the fold again") from error
