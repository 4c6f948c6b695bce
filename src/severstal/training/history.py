"""The history of a fold's epochs: as JSON lines, and as one line to read."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from severstal.competition.metric import Score
from severstal.errors import SeverstalError

SCORES = ("score", "all_empty", "dice_on_defects", "defects_found")
_RECENT = 3  # epochs from which the remaining time is estimated: larger crops make later epochs slower


class History:
    """The epochs of a fold so far.

    Args:
        epochs: earlier ones, where a training is resumed.

    Attributes:
        epochs: one dictionary per epoch: `epoch` from 1; `loss`; `learning_rate`; of the validation `score`,
            `all_empty`, `dice_on_defects`, `defects_found` and `false_alarms`, the share of the empty pairs
            with a predicted pixel, each 0 to 1, or None without such pairs; `pictures`, the number of
            training crops; `seconds`, of training and validation; `pictures_a_second`, their ratio.
    """

    def __init__(self, epochs: Sequence[dict[str, Any]] = ()):
        self.epochs = list(epochs)
        self._started = time.perf_counter()

    def __len__(self) -> int:
        return len(self.epochs)

    def start_epoch(self) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def end_epoch(self, loss: float, learning_rate: float, score: Score, pictures: int) -> None:
        """Add the epoch that has ended.

        Args:
            loss: mean loss over the batches.
            learning_rate: learning rate of the last step.
            score: score of the validation.
            pictures: number of training crops.
        """
        seconds = max(time.perf_counter() - self._started, 1e-3)
        figures = score.to_dict()
        kept = figures["empty_kept"]
        self.epochs.append(
            {"epoch": len(self.epochs) + 1, "loss": loss, "learning_rate": learning_rate}
            | {name: figures[name] for name in SCORES}
            | {"false_alarms": None if kept is None else 1 - kept}
            | {"pictures": pictures, "seconds": round(seconds, 2)}
            | {"pictures_a_second": round(pictures / seconds, 2)}
        )

    def epochs_since_best(self) -> int:
        """Epochs since the best one, for early stopping; 0 before the first.

        A network that still predicts empty masks scores the same epoch after epoch: ties are broken by the
        Dice on defects.

        Example:
            >>> epochs = [{"score": score, "dice_on_defects": None} for score in (0.7, 0.9, 0.8, 0.9)]
            >>> History(epochs).epochs_since_best()
            2
        """
        if not self.epochs:
            return 0
        best = best_epoch(self.epochs)
        return next(count for count, epoch in enumerate(reversed(self.epochs)) if epoch is best)

    def line(self, epochs: int) -> str:
        """Return the last epoch in one line, of at most 120 columns including `fold 0` before it.

        It has the loss; the mean Dice over all pairs, that of the all-empty baseline, and that over defects;
        the share of empty pairs with a predicted pixel; the speed; and the estimated time left.

        Args:
            epochs: number of epochs of the whole training.

        Example:
            >>> epoch = {"epoch": 1, "loss": 0.5, "score": 0.9, "all_empty": 0.86, "dice_on_defects": 0.51}
            >>> speed = {"false_alarms": 0.031, "seconds": 70.0, "pictures_a_second": 123.4}
            >>> print(History([epoch | speed]).line(10))
            epoch 1/10: loss 0.5000, Dice 0.9000 (empty 0.8600), defects 0.510, alarms 3.1 %,
            123 pictures/s, 10 min left
        """
        last, recent = self.epochs[-1], self.epochs[-_RECENT:]
        left = (epochs - len(self)) * sum(epoch["seconds"] for epoch in recent) / len(recent)
        dice, alarms, speed = last["dice_on_defects"], last["false_alarms"], last["pictures_a_second"]
        return (
            f"epoch {last['epoch']}/{epochs}: loss {last['loss']:.4f}, "
            f"Dice {last['score']:.4f} (empty {last['all_empty']:.4f}), "
            f"defects {'none' if dice is None else f'{dice:.3f}'}, "
            f"alarms {'none' if alarms is None else f'{_short(100 * alarms)} %'}, "
            f"{_short(speed)} pictures/s, {_duration(left)} left"
        )

    def to_lines(self) -> str:
        """JSON lines, one per epoch."""
        return "".join(json.dumps(epoch) + "\n" for epoch in self.epochs)


def best_epochs(epochs: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The epochs with the best scores, the best first; ties go to the Dice on defects, then to the earlier.

    Example:
        >>> found = [(0.8, 0.1), (0.8, 0.2), (0.7, 0.9), (0.8, None)]
        >>> epochs = [{"epoch": n, "score": s, "dice_on_defects": d} for n, (s, d) in enumerate(found, 1)]
        >>> [epoch["epoch"] for epoch in best_epochs(epochs, 3)]
        [2, 1, 4]
    """
    return sorted(epochs, key=lambda epoch: (-epoch["score"], -(epoch["dice_on_defects"] or 0.0)))[:count]


def best_epoch(epochs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first of `best_epochs`, of at least one epoch.

    Example:
        >>> best_epoch([{"score": 0.8, "dice_on_defects": 0.1}, {"score": 0.8, "dice_on_defects": 0.2}])
        {'score': 0.8, 'dice_on_defects': 0.2}
    """
    return best_epochs(epochs, 1)[0]


def load_history(path: str | Path) -> list[dict[str, Any]]:
    """Read `history.jsonl`; figures that files of earlier versions lack are None, or derived from others.

    Raises:
        SeverstalError: the file is missing or is not JSON lines of epochs.
    """
    try:
        lines = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
        return [_complete(epoch) for epoch in lines]
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such history: train the fold first") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SeverstalError(f"{path}: not JSON lines ({error}): train the fold again") from error
    except (KeyError, TypeError) as error:
        raise SeverstalError(f"{path}: not the history of a fold ({error}): train the fold again") from error


def _complete(epoch: dict[str, Any]) -> dict[str, Any]:
    row = {key: epoch[key] for key in ("epoch", "loss", "learning_rate", *SCORES, "seconds")}
    kept = epoch.get("empty_kept")  # earlier versions had it in place of false alarms
    row["false_alarms"] = None if kept is None else 1 - kept
    row["pictures"] = row["pictures_a_second"] = None
    return row | {key: value for key, value in epoch.items() if key != "empty_kept"}


def _short(value: float) -> str:
    return f"{value:.{0 if value >= 9.95 else 1}f}"


def _duration(seconds: float) -> str:
    """At most seven characters: 45 s, 12 min, 3.5 h."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.3g} h"
