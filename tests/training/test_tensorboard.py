"""The event files for TensorBoard hold the history of the training."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from severstal.device import make_accelerator
from severstal.errors import SeverstalError
from severstal.models.network import Output
from severstal.runs.opening import open_job
from severstal.training.loader import FoldData
from severstal.training.tensorboard import _LINE, _LONGEST, TensorBoardWriter, draw_worst_panel, show_worst
from severstal.training.validate import validate


def events(folder: Path):  # its class is of a package that may be absent
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0})
    return found.Reload()


def test_curves_are_read_back(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    writer = TensorBoardWriter(tmp_path)
    for epoch, loss in enumerate((0.5, 0.25), 1):
        writer.add_epoch({"epoch": epoch, "loss": loss, "dice_on_defects": None, "accumulate": 2}, epoch)
    writer.close()
    found = events(tmp_path)
    assert found.Tags()["scalars"] == ["loss", "accumulate"]
    assert [(point.step, point.value) for point in found.Scalars("loss")] == [(1, 0.5), (2, 0.25)]


def test_a_training_that_goes_on_draws_one_line(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    for done, losses in ((0, (3.0, 2.0, 9.0)), (2, (1.0, 0.5))):
        writer = TensorBoardWriter(tmp_path / "fold", done)
        for epoch, loss in enumerate(losses, done + 1):
            writer.add_epoch({"loss": loss}, epoch)
        writer.close()
    assert [point.value for point in events(tmp_path / "fold").Scalars("loss")] == [3.0, 2.0, 1.0, 0.5]


def test_the_worst_pictures_show_truth_and_prediction(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboard")
    monkeypatch.chdir(tmp_path)
    job = open_job(tiny_recipe, small_input)
    data = FoldData(job.train_pictures, job.masks, job.spec, job.images[:6], job.images[6:])

    class Whole(torch.nn.Module):
        """Class 1 is everywhere."""

        def forward(self, pictures: torch.Tensor) -> Output:
            """(N, 1, h, w) to logits (N, 2, h, w)."""
            return Output(torch.cat([torch.ones_like(pictures), -torch.ones_like(pictures)], 1), None)

    network, accelerator = Whole().train(), make_accelerator("fp32")
    seen = validate(network, data.store, data.masks, data.held_out, data.spec, job.recipe, accelerator)
    writer = TensorBoardWriter(tmp_path / "board")
    show_worst(writer, network, seen, data, job.recipe, accelerator, 3)
    writer.close()
    assert network.training
    found = events(tmp_path / "board")
    assert found.Tags()["images"] == [f"worst/{rank}" for rank in (1, 2, 3, 4)]
    (event,) = found.Images("worst/1")
    assert event.step == 3
    shown = cv2.cvtColor(
        cv2.imdecode(np.frombuffer(event.encoded_image_string, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB
    )
    name = seen.worst(1)[0]
    bits = job.masks[name]
    truth = np.stack([bits & 1, bits >> 1 & 1])
    predicted = np.stack([np.ones_like(bits), np.zeros_like(bits)])
    np.testing.assert_array_equal(shown, draw_worst_panel(job.train_pictures.picture(name), truth, predicted))


def test_a_panel_is_the_picture_and_its_outlines() -> None:
    picture = np.full((80, 120), 100, np.uint8)
    truth, predicted = np.zeros((2, 2, 80, 120), bool)
    truth[1, 30:60, 20:50] = True
    panel = draw_worst_panel(picture, truth, predicted)
    plain, above, below = panel[:80], panel[84:164], panel[168:]
    assert (plain == 100).all()
    assert (below == 100).all()
    line = (above == _LINE).all(2)
    assert line[30, 20:50].all()
    assert line[59, 20:50].all()
    assert line[30:60, 20].all()
    assert line[30:60, 49].all()
    assert not line[35:55, 25:45].any()
    assert (above[35:55, 25:45] == 100).all()
    assert (above[15:30, 19:35] != 100).any()  # the ClassId, above its outline


def test_the_class_is_labelled_by_its_number() -> None:
    picture, mask = np.zeros((60, 60), np.uint8), np.zeros((3, 60, 60), bool)
    mask[0, 30:50, 10:50] = True
    drawn = [draw_worst_panel(picture, np.roll(mask, k, 0), mask) for k in range(3)]
    assert (drawn[0] != drawn[1]).any()
    assert (drawn[1] != drawn[2]).any()


def test_long_pictures_are_shrunk_and_specks_are_kept() -> None:
    picture, mask = np.zeros((256, 1600), np.uint8), np.zeros((4, 256, 1600), bool)
    mask[2, 200, 901] = True
    panel = draw_worst_panel(picture, mask, mask)
    assert panel.shape == (3 * 128 + 8, _LONGEST, 3)
    assert (panel[132 + 100, 450] == _LINE).all()
    big = draw_worst_panel(np.zeros((2, 3), np.uint8), np.ones((1, 2, 3)), np.zeros((1, 2, 3)))
    assert big.shape == (14, 3, 3)


def test_without_the_package_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(("tensorboard", "torch.utils.tensorboard"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(SeverstalError, match=r"training\.tensorboard: .*pip install tensorboard") as raised:
        TensorBoardWriter(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    (tmp_path / "file").touch()
    with pytest.raises(SeverstalError):
        TensorBoardWriter(tmp_path / "file" / "board")
