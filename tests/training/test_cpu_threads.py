"""Beside other programs a training takes fewer threads, once and for all of its epochs."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from severstal.training import cpu_threads
from severstal.training.cpu_threads import limited_threads

CPU = SimpleNamespace(device=torch.device("cpu"), num_processes=1)


@pytest.fixture(autouse=True)
def four_threads_of_which_two_are_free(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(cpu_threads, "free_cores", lambda: 2)
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def threads_inside(state: SimpleNamespace, accelerator: SimpleNamespace = CPU) -> int:
    with limited_threads(state, accelerator):
        return torch.get_num_threads()


def test_a_new_training_takes_the_free_cores(caplog: pytest.LogCaptureFixture) -> None:
    state = SimpleNamespace(threads=None)
    assert threads_inside(state) == state.threads == 2
    assert torch.get_num_threads() == 4
    assert caplog.messages == [
        "other programs use the CPU: training with 2 of 4 threads; set OMP_NUM_THREADS to choose"
    ]


@pytest.mark.parametrize("threads", [1, 3, 4])
def test_a_resumed_training_keeps_its_number(threads: int, caplog: pytest.LogCaptureFixture) -> None:
    state = SimpleNamespace(threads=threads)
    assert threads_inside(state) == state.threads == threads
    assert not caplog.messages


def test_more_free_cores_than_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_threads, "free_cores", lambda: 64)
    assert threads_inside(SimpleNamespace(threads=None)) == 4


def test_a_choice_of_the_user_s_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    state = SimpleNamespace(threads=1)
    assert threads_inside(state) == 4


@pytest.mark.parametrize(
    "accelerator",
    [
        SimpleNamespace(device=torch.device("cuda"), num_processes=1),
        SimpleNamespace(device=torch.device("cpu"), num_processes=2),
    ],
)
def test_gpus_and_several_processes_are_left_alone(accelerator: SimpleNamespace) -> None:
    state = SimpleNamespace(threads=None)
    assert threads_inside(state, accelerator) == 4
    assert state.threads is None


def test_an_error_inside_gives_the_threads_back() -> None:
    with pytest.raises(KeyboardInterrupt), limited_threads(SimpleNamespace(threads=1), CPU):
        raise KeyboardInterrupt
    assert torch.get_num_threads() == 4
