"""Workers: no more than the shared memory holds batches of, and one line where it is full all the same."""

import logging
from types import SimpleNamespace

import pytest

from severstal.errors import SeverstalError
from severstal.training import loader, shared_memory
from severstal.training.shared_memory import explain_shared_memory, fit_workers


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shared memory of a container that is not told otherwise: 64 MiB."""
    monkeypatch.setattr(shared_memory.shutil, "disk_usage", lambda path: SimpleNamespace(free=64 << 20))
    monkeypatch.setattr(shared_memory, "SHARED_MEMORY", SimpleNamespace(is_dir=lambda: True))
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)


@pytest.mark.parametrize(("batch", "workers"), [(1 << 20, 8), (4 << 20, 7), (8 << 20, 3), (64 << 20, 0)])
def test_as_many_workers_as_fit(
    docker: None, caplog: pytest.LogCaptureFixture, batch: int, workers: int
) -> None:
    assert fit_workers(8, batch) == workers
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == (workers < 8)
    for line in told:
        assert f"too little for the batches of 8 workers: {workers} are used" in line
        assert "--shm-size=2g" in line
        assert f"training.workers = {workers}" in line


def test_processes_of_one_machine_share_it(docker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert fit_workers(8, 2 << 20) == 3


def test_the_loader_asks_for_the_bytes_of_its_batches(
    small_input, tiny_recipe, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from severstal.runs.opening import open_job

    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr(loader, "fit_workers", lambda workers, batch: asked.append((workers, batch)) or 0)
    monkeypatch.setattr(loader, "choose_workers", lambda workers: 8)
    job = open_job(tiny_recipe, small_input)
    data = loader.FoldData(job.train_pictures, job.masks, job.spec, job.images[:12], job.images[12:])
    here = SimpleNamespace(device=loader.torch.device("cpu"), process_index=0, num_processes=1)
    fed = loader.TrainLoader(data, job.recipe, SimpleNamespace(crop=(64, 64), batch_size=4), 7, here)
    [batch] = list(fed.host_batches(0))[:1]
    # Crops are shrunk by the workers (data.scale), masks are not: what is asked for is never too little.
    sent = sum(tensor.numel() * tensor.element_size() for tensor in batch[:2])
    assert asked == [(8, 4 * 64 * 64 * 2)]
    assert sent <= asked[0][1] < 2 * sent


@pytest.mark.parametrize(
    "text",
    [
        "DataLoader worker (pid 41) is killed by signal: Bus error. It is possible that dataloader's workers "
        "are out of shared memory. Please try to raise your shared memory limit.",
        "unable to write to file </torch_41_7>: No space left on device (28)",
        "unable to allocate shared memory(shm) for file </torch_1>: Success (0)",
    ],
)
def test_a_full_one_is_reported_with_both_repairs(text: str) -> None:
    told = pytest.raises(SeverstalError, match=r"--shm-size=2g, or set training\.workers = 0")
    with told as raised, explain_shared_memory():
        raise RuntimeError(text)
    assert "\n" not in str(raised.value)


def test_other_errors_stay(docker: None) -> None:
    with pytest.raises(RuntimeError, match="CUDA error"), explain_shared_memory():
        raise RuntimeError("CUDA error: out of memory")
