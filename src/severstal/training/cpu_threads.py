"""The number of threads of a training on a CPU: the free cores at its start."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator

from severstal.threads import free_cores
from severstal.training.state import TrainingState

logger = logging.getLogger("severstal")


@contextmanager
def limited_threads(state: TrainingState, accelerator: Accelerator) -> Iterator[None]:
    """Train on as many threads as there are free cores, unless `OMP_NUM_THREADS` is set.

    Two threads wait for each other at the end of each layer: beside other programs, where one of them is
    always without a core, they are slower than one (docs/performance.md). The number is chosen once and is
    part of the state, since another number rounds differently: a resumed training has the same weights, bit
    for bit, whatever else the machine does by then.

    Args:
        state: state of the training; its `threads` is set here, unless it is set already.
        accelerator: device and processes; anything is done only on a CPU and in a single process.
    """
    alone = accelerator.device.type == "cpu" and accelerator.num_processes == 1
    if not alone or "OMP_NUM_THREADS" in os.environ:
        yield
        return
    before = torch.get_num_threads()
    if state.threads is None:
        state.threads = min(before, free_cores())
        if state.threads < before:
            logger.info(
                "other programs use the CPU: training with %d of %d threads; set OMP_NUM_THREADS to choose",
                state.threads,
                before,
            )
    torch.set_num_threads(state.threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
