"""Out of memory, a batch is repeated in smaller micro-batches, down to the smallest that is supported."""

import pytest
import torch

from severstal.errors import SeverstalError
from severstal.memory import MicroBatches, halve_on_out_of_memory


class Device:
    """Has memory for so many pictures at once."""

    def __init__(self, pictures: int, fits: int):
        self.pictures, self.fits, self.tries = pictures, fits, []

    def __call__(self, parts: int) -> int:
        self.tries.append(parts)
        if -(-self.pictures // parts) > self.fits:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return parts


def test_what_fits_is_computed_once() -> None:
    device, parts = Device(8, 4), MicroBatches(2)
    assert parts.run(device, 8) == 2
    assert device.tries == [2]


def test_micro_batches_double_until_they_fit_and_stay_so(caplog: pytest.LogCaptureFixture) -> None:
    device, parts = Device(8, 2), MicroBatches(1)
    assert parts.run(device, 8) == 4
    assert device.tries == [1, 2, 4]
    assert "batches of 8 pictures are now split into 4 micro-batches, not 2" in caplog.text
    caplog.clear()
    assert parts.run(device, 8) == 4
    assert device.tries == [1, 2, 4, 4]
    assert not caplog.messages


def test_a_small_batch_is_split_into_single_pictures_at_most() -> None:
    device = Device(3, 1)
    assert MicroBatches(8).run(device, 3) == 3
    assert MicroBatches(2).run(device, 3) == 3


def test_a_single_picture_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(
        SeverstalError, match=r"a micro-batch of one picture does not fit .*checkpoint_activations"
    ):
        MicroBatches(1).run(Device(4, 0), 4)


@pytest.mark.parametrize(
    ("pictures", "asked", "tried"),
    [(8, 1, [1, 2, 4]), (6, 1, [1, 2, 3]), (5, 1, [1, 2]), (5, 3, [2]), (7, 5, [3]), (2, 1, [1])],
)
def test_micro_batches_of_one_picture_are_avoided_where_the_network_does_not_support_them(
    pictures: int, asked: int, tried: list[int]
) -> None:
    """Each try has micro-batches of two pictures or more, and the last as many as that allows."""
    device = Device(pictures, 1)
    with pytest.raises(
        SeverstalError, match=rf"a micro-batch of {2 + pictures % 2} pictures does not fit .*crop"
    ):
        MicroBatches(asked).run(device, pictures, lambda: False)
    assert device.tries == tried
    assert all(pictures // count >= 2 for count in tried)
    assert tried[-1] == pictures // 2


def test_support_of_batch_size_one_is_asked_only_where_it_is_needed() -> None:
    device, asked = Device(8, 1), []

    def supports_batch_size_one() -> bool:
        asked.append(device.tries[-1])
        return True

    assert MicroBatches(1).run(device, 8, supports_batch_size_one) == 8
    assert set(asked) == {4}  # once two pictures had not fitted
    assert device.tries == [1, 2, 4, 8]
    asked.clear()
    MicroBatches(4).run(Device(8, 2), 8, supports_batch_size_one)
    assert asked == []


def test_a_number_from_large_batches_is_reduced_for_small_ones() -> None:
    parts = MicroBatches(1)
    parts.run(Device(16, 2), 16)
    assert (parts.asked, parts.count) == (1, 8)
    assert parts.run(Device(8, 2), 8, lambda: False) == 4


def test_several_processes_are_advised_a_number_that_the_network_supports() -> None:
    with pytest.raises(SeverstalError, match=r"set training\.accumulate = 3"):
        MicroBatches(2, processes=2).run(Device(6, 2), 6, lambda: False)
    for alone in (True, False):
        with pytest.raises(SeverstalError, match=r"a micro-batch of .* does not fit"):
            MicroBatches(9, processes=2).run(Device(6, 0), 6, lambda alone=alone: alone)


def test_several_processes_stop_with_the_number_to_set() -> None:
    device = Device(8, 4)
    with pytest.raises(SeverstalError, match=r"set training\.accumulate = 2"):
        MicroBatches(1, processes=2).run(device, 8)
    assert device.tries == [1]


def test_other_errors_are_passed_on() -> None:
    def broken(parts: int) -> None:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        MicroBatches(1).run(broken, 8)


@pytest.mark.parametrize("fits", [1, 2, 3, 8])
def test_a_prediction_is_halved_until_it_fits(fits: int, caplog: pytest.LogCaptureFixture) -> None:
    tried = []

    def double(items: list[int]) -> list[int]:
        tried.append(len(items))
        if len(items) > fits:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return [2 * item for item in items]

    found = halve_on_out_of_memory(double, list(range(7)))
    assert [item for part in found for item in part] == list(range(0, 14, 2))
    assert max(map(len, found)) <= fits
    assert sum(size for size in tried if size <= fits) == 7
    log = caplog.text
    caplog.clear()
    halve_on_out_of_memory(double, list(range(7)))
    assert not caplog.messages  # one warning is enough
    assert ("batches of 7 pictures are predicted in halves" in log) <= (fits < 7)


def test_a_single_picture_that_cannot_be_predicted_is_an_error() -> None:
    def never(items: list[int]) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(SeverstalError, match=r"one picture does not fit .* fewer inference\.scales"):
        halve_on_out_of_memory(never, [1, 2, 3])
