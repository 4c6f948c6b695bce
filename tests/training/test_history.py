"""The history of a fold: which epoch is the best, what a person reads of it, and what survives the file."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from severstal.competition.metric import score_pairs
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.training import history as history_module
from severstal.training.history import History, best_epoch, best_epochs, load_history

SPEC = Spec("tiny", (10, 10), ("hole",))


def history(*hits: int, alarm: int = 0) -> History:
    """One epoch a number: of 10 true pixels in the first of two images, so many are found."""
    result = History()
    for hit in hits:
        result.start_epoch()
        areas = np.array([[hit], [0]]), np.array([[hit], [alarm]]), np.array([[10], [0]])
        result.end_epoch(0.5, 1e-3, score_pairs(*areas, SPEC), 100)
    return result


def test_an_epoch_holds_the_validation_s_figures() -> None:
    epoch = history(5).epochs[0]
    assert epoch["epoch"] == 1
    assert epoch["score"] == pytest.approx((10 / 15 + 1) / 2)
    assert epoch["all_empty"] == 0.5
    assert epoch["dice_on_defects"] == pytest.approx(10 / 15)
    assert epoch["defects_found"] == 1
    assert epoch["false_alarms"] == 0
    assert history(5, alarm=3).epochs[0]["false_alarms"] == 1


def test_speed_is_crops_over_the_time_of_the_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 100.0, 108.0])
    monkeypatch.setattr(history_module.time, "perf_counter", lambda: next(clock))
    epoch = history(5).epochs[0]
    assert (epoch["pictures"], epoch["seconds"], epoch["pictures_a_second"]) == (100, 8.0, 12.5)


@pytest.mark.parametrize(
    ("hits", "stale"), [((), 0), ((5,), 0), ((5, 6), 0), ((6, 5), 1), ((5, 5, 5), 2), ((5, 7, 6, 7), 2)]
)
def test_epochs_since_the_best_one_are_counted(hits: tuple[int, ...], stale: int) -> None:
    assert history(*hits).epochs_since_best() == stale


def test_of_equal_scores_the_higher_dice_on_defects_is_better() -> None:
    result = history(0, 0)
    assert result.epochs_since_best() == 1
    result.epochs[1]["dice_on_defects"] = 0.1
    assert result.epochs_since_best() == 0


def test_it_survives_the_file(tmp_path: Path) -> None:
    written = history(3, 4)
    written.epochs[0]["accumulate"] = 2
    (tmp_path / "history.jsonl").write_text(written.to_lines())
    assert load_history(tmp_path / "history.jsonl") == written.epochs


def test_one_from_before_false_alarms_pictures_and_speed_is_read(tmp_path: Path) -> None:
    epoch = history(3).epochs[0]
    del epoch["false_alarms"], epoch["pictures"], epoch["pictures_a_second"]
    path = tmp_path / "history.jsonl"
    path.write_text(
        json.dumps(epoch | {"empty_kept": 0.75}) + "\n" + json.dumps(epoch | {"empty_kept": None})
    )
    first, second = load_history(path)
    assert first == epoch | {"false_alarms": 0.25, "pictures": None, "pictures_a_second": None}
    assert second["false_alarms"] is None


def test_a_clean_fold_has_no_dice_on_defects() -> None:
    result = History()
    result.start_epoch()
    result.end_epoch(0.1, 1e-3, score_pairs(*np.zeros((3, 2, 1), int), SPEC), 4)
    assert result.epochs[0]["dice_on_defects"] is None
    assert "defects none" in result.line(5)
    assert result.epochs_since_best() == 0


def test_a_fold_without_an_empty_pair_has_no_false_alarms() -> None:
    result = History()
    result.start_epoch()
    result.end_epoch(0.1, 1e-3, score_pairs(*np.ones((3, 2, 1), int), SPEC), 4)
    assert result.epochs[0]["false_alarms"] is None
    assert "alarms none" in result.line(5)


@pytest.mark.parametrize("seconds", [0.5, 40.0, 2_000.0, 9_000.0])
def test_the_line_fits_a_terminal_and_tells_the_time_left(seconds: float) -> None:
    result = history(5, 5, 5, alarm=1)
    for epoch in result.epochs:
        epoch |= {"seconds": seconds, "pictures_a_second": 1e3 / seconds}
    result.epochs[0]["seconds"] = 1e6  # as long ago as it does not matter
    result.epochs.append(result.epochs[-1] | {"epoch": 102})
    line = f"fold 14 {result.line(138)}"
    assert len(line) <= 120
    assert "\n" not in line
    left = {0.5: "1 min left", 40.0: "89 min left", 2_000.0: "74.4 h left", 9_000.0: "335 h left"}
    assert line.endswith(left[seconds])


def test_bad_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with pytest.raises(SeverstalError, match="no such history"):
        load_history(path)
    for text in ("{", "\xff"):
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(SeverstalError, match="not JSON lines"):
            load_history(path)
    for text in ("{}", "[1]", "3", '{"epoch": 1}'):
        path.write_text(text)
        with pytest.raises(SeverstalError, match="not the history of a fold"):
            load_history(path)


EPOCHS = st.lists(
    st.tuples(st.sampled_from([0.5, 0.8, 0.9]), st.sampled_from([None, 0.0, 0.1, 0.2])),
    min_size=1,
    max_size=8,
)


def epochs_of(figures: list[tuple[float, float | None]]) -> list[dict[str, object]]:
    return [{"epoch": n, "score": s, "dice_on_defects": d} for n, (s, d) in enumerate(figures, 1)]


@given(EPOCHS)
def test_the_first_is_the_history_s_best(figures: list[tuple[float, float | None]]) -> None:
    epochs = epochs_of(figures)
    assert best_epochs(epochs, 1) == [best_epoch(epochs)]
    assert best_epochs(epochs, 99)[0] == best_epoch(epochs)


@given(EPOCHS, st.integers(1, 4))
def test_a_dropped_epoch_is_never_kept_again(figures: list[tuple[float, float | None]], count: int) -> None:
    epochs = epochs_of(figures)
    for end in range(1, len(epochs)):
        before = {epoch["epoch"] for epoch in best_epochs(epochs[:end], count)}
        after = {epoch["epoch"] for epoch in best_epochs(epochs[: end + 1], count)}
        assert after <= before | {end + 1}
