"""A release with ONNX beside eager torch: pictures per second at equal masks; and all architectures.

    python benchmarks/onnx_release.py [--run RUN] [--input DIR] [--threads N] [--repeats N]
    python benchmarks/onnx_release.py --networks [NAME ...]

Without a run the network is an FPN on EfficientNet-Lite0 with random weights, for 256 x 1600 pictures: they
change nothing but the numbers, and its mask logits are spread so that there are masks to compare. Torch and
ONNX Runtime take turns, one picture per call and as many threads each; CPU seconds are printed beside the
wall's, since other programs may share the machine.

`--networks` exports each architecture on the smallest encoder that it takes, and prints which exporter of
torch made a file that draws the same masks on pictures of three sizes, or why there is none.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from severstal.competition.folder import open_input
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.decision.rules import ClassRule, Rules
from severstal.deploy.model import Model, ModelDescription, ModelMember
from severstal.deploy.onnx.export import export_onnx
from severstal.deploy.onnx.model import OnnxModel
from severstal.deploy.run_model import open_run_model
from severstal.deploy.torch_model import TorchMember, TorchModel
from severstal.deploy.trial_pictures import odd_crops, picture_source, trial_pictures
from severstal.device import choose_device
from severstal.errors import SeverstalError
from severstal.models.from_recipe import new_network
from severstal.models.registry import architectures
from severstal.models.smallest import smallest
from severstal.recipe import InferenceSettings, ModelSettings, Recipe

LITE0 = ModelSettings("fpn", "tu-tf_efficientnet_lite0", "none")
TINY = Spec("tiny", (64, 96), ("bright", "dark"))


def _calibrate(body: nn.Module, shape: tuple[int, int]) -> None:
    """Let batch normalisation learn from noise, or random networks answer nearly the same for each pixel."""
    if getattr(body, "own_loss", False):
        return
    for module in body.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    body.train()
    with torch.no_grad():
        body(torch.rand(4, 1, *shape))
    body.eval()


class Spread(nn.Module):
    """A body with its mask logits centred and scaled, so that random weights draw masks with outlines."""

    def __init__(self, body: nn.Module, shape: tuple[int, int]) -> None:
        super().__init__()
        self.body = body
        _calibrate(body, shape)
        with torch.no_grad():
            result = body(torch.randn(2, 1, *shape))
        masks = result[0] if isinstance(result, tuple) else result
        self.centre, self.width = float(masks.mean()), float(masks.std().clamp_min(1e-6))

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits of the masks."""
        result = self.body(pictures)
        return ((result[0] if isinstance(result, tuple) else result) - self.centre) / self.width


def random_model(settings: ModelSettings, spec: Spec, flips: tuple[str, ...] = ("none",)) -> TorchModel:
    """A model of one network with random weights."""
    torch.manual_seed(0)
    recipe = replace(Recipe(), model=settings, inference=InferenceSettings(flips=flips, map_scale=1))
    network = new_network(recipe, spec, "none").eval()
    network.body = Spread(network.body, (256, 256))
    rules = Rules(spec.classes, (ClassRule(0.6, 0.5, 20),) * len(spec.classes))
    member = ModelMember("random", 1, recipe.data)
    description = ModelDescription("random", "random", spec, rules, (member,), 1, network.stride)
    return TorchModel(description, [TorchMember(recipe, [network])], None, choose_device("cpu", "fp32"))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the wall clock and of the CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def compare_speed(model: TorchModel, pictures: list[np.ndarray], source: str, repeats: int) -> None:
    """Print the rates of both on the same pictures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        record = export_onnx(model, path, [*pictures, *odd_crops(pictures)], source)
        print(f"exported by {record.exporter}, on {source}: {record.agreement}")
        other = OnnxModel(model.description, path)
    sides: dict[str, Model] = {"torch": model, "onnxruntime": other}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for turn in range(repeats + 1):
        for name, side in sides.items():
            spent = timed(lambda side=side: [side.probabilities(picture[None]) for picture in pictures])
            if turn:  # the first warms up
                seconds[name].append((spent[0] / len(pictures), spent[1] / len(pictures)))
    medians = {name: tuple(map(statistics.median, zip(*each, strict=True))) for name, each in seconds.items()}
    for name, (wall, cpu) in medians.items():
        print(f"{name:12} {1 / wall:7.2f} pictures per second, {wall:.3f} s and {cpu:.3f} CPU s each")
    for place, clock in enumerate(("wall clock", "CPU time")):
        ratio = medians["torch"][place] / medians["onnxruntime"][place]
        print(f"onnxruntime is {ratio:.2f} times as fast as torch by {clock}")


def try_networks(names: list[str]) -> None:
    """Print a table of the architectures."""
    pictures = trial_pictures(None, TINY, 3)
    tried = [*pictures, *odd_crops(pictures)]
    for name in names or architectures():
        encoder, options = smallest(name)
        begin = time.perf_counter()
        try:
            model = random_model(ModelSettings(name, encoder, "none", options=options), TINY)
            with tempfile.TemporaryDirectory() as folder:
                record = export_onnx(model, Path(folder) / "model.onnx", tried, "drawn pictures")
            said = f"{record.exporter}: {record.agreement}"
        except SeverstalError as error:
            said = f"none: {error}"
        print(f"{name:17} {encoder:32} {time.perf_counter() - begin:5.0f} s  {said}", flush=True)


def main() -> None:
    """Compare, or try all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path)
    parser.add_argument("--input", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--flips", nargs="+", default=["none"])
    parser.add_argument("--networks", nargs="*")
    settings = parser.parse_args()
    if settings.networks is not None:
        try_networks(settings.networks)
        return
    torch.set_num_threads(settings.threads)
    if settings.run is None:
        model = random_model(LITE0, SEVERSTAL, tuple(settings.flips))
    else:
        model = open_run_model(settings.run, "cpu")
    data = None if settings.input is None else open_input(settings.input)
    pictures = trial_pictures(data, model.description.spec, settings.pictures)
    compare_speed(model, pictures, picture_source(data), settings.repeats)


if __name__ == "__main__":
    main()
