"""Out of memory, a batch is begun again in twice as many parts, down to parts of one picture."""

import pytest
import torch

from severstal.errors import SeverstalError
from severstal.training.memory import Parts


class Device:
    """Takes parts of at most so many pictures."""

    def __init__(self, pictures: int, fits: int):
        self.pictures, self.fits, self.tries = pictures, fits, []

    def __call__(self, parts: int) -> int:
        self.tries.append(parts)
        if -(-self.pictures // parts) > self.fits:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return parts


def test_what_fits_is_computed_once() -> None:
    device, parts = Device(8, 4), Parts(2)
    assert parts.run(device, 8) == 2
    assert device.tries == [2]


def test_parts_double_until_they_fit_and_stay_so(capsys: pytest.CaptureFixture[str]) -> None:
    device, parts = Device(8, 2), Parts(1)
    assert parts.run(device, 8) == 4
    assert device.tries == [1, 2, 4]
    assert "batches of 8 pictures now go in 4 parts, not 2" in capsys.readouterr().out
    assert parts.run(device, 8) == 4
    assert device.tries == [1, 2, 4, 4]
    assert capsys.readouterr().out == ""


def test_a_small_batch_is_cut_into_single_pictures_at_most() -> None:
    device = Device(3, 1)
    assert Parts(8).run(device, 3) == 3
    assert Parts(2).run(device, 3) == 3


def test_a_single_picture_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(SeverstalError, match=r"a part of one picture does not fit .*checkpoint_activations"):
        Parts(1).run(Device(4, 0), 4)


def test_several_processes_stop_with_the_number_to_set() -> None:
    device = Device(8, 4)
    with pytest.raises(SeverstalError, match=r"set training\.accumulate = 2"):
        Parts(1, processes=2).run(device, 8)
    assert device.tries == [1]


def test_other_errors_pass() -> None:
    def broken(parts: int) -> None:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        Parts(1).run(broken, 8)
