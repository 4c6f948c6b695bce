"""Prediction of probability maps: each picture is read once for all runs, networks and views."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from severstal.competition.spec import Spec
from severstal.data.batches import batches_of_one_shape
from severstal.data.images import Pictures
from severstal.data.inputs import to_inputs
from severstal.device import InferenceDevice
from severstal.errors import SeverstalError
from severstal.inference.maps import MapReader, MapWriter
from severstal.inference.views import predict_views, views
from severstal.memory import halve_on_out_of_memory
from severstal.progress import progress
from severstal.recipe import Recipe

if TYPE_CHECKING:
    from accelerate import Accelerator

logger = logging.getLogger("severstal")

_CPU_BATCH = 2  # larger ones exceed a processor's caches: 0.76 s per picture with 8, 0.35 s with 2


@dataclass(frozen=True)
class PredictionTask:
    """The prediction of one run's maps.

    Attributes:
        recipe: scaling, views, batch size and the maps' scale.
        networks: networks by the number of their fold.
        members: function from a picture's name to the folds of the networks whose maps are averaged: its own
            fold's for an out-of-fold map, all of them for a test map.
        folder: folder of the maps.
        key: checksum of all that the maps depend on.
        accelerator: device and precision.
        origin: fingerprints of what maps must share to be averaged (see `inference.maps.MapLayout`).
    """

    recipe: Recipe
    networks: Mapping[int, nn.Module]
    members: Callable[[str], Sequence[int]]
    folder: Path
    key: str
    accelerator: "Accelerator"
    origin: Mapping[str, str] = field(default_factory=dict)


def predict_maps(
    predictions: Sequence[PredictionTask], pictures: Pictures, names: Sequence[str], spec: Spec
) -> list[MapReader]:
    """Predict pictures and write their maps; what an interrupted call has written is not predicted again.

    Maps that were altered since they were written are predicted again, and a warning names them.

    Each picture is read once for all runs. The next ones are read, and the last maps written, while the
    networks are at work.

    Args:
        predictions: one per run.
        pictures: source of the pictures, which are read by name.
        names: names of the pictures, in the order of the maps.
        spec: specification of the data set.

    Returns:
        The maps of each run.

    Raises:
        SeverstalError: the disk is too small; nothing has been predicted then.
    """
    parts = [(each, _writer(each, names, spec)) for each in predictions]
    missing = [dict(writer.missing_shards()) for _, writer in parts]
    for prediction, _ in parts:
        for network in prediction.networks.values():
            network.to(prediction.accelerator.device, memory_format=torch.channels_last).eval()
    for _, writer in parts:
        if need := writer.bytes_needed():
            logger.info("%s: %.3g GB of maps to be written", writer.folder, need / 1e9)
    shards = sorted(set().union(*missing))
    todo = sum(len(shard) for shards_of_run in missing for shard in shards_of_run.values())
    with progress(range(todo), "predict") as bar, ThreadPoolExecutor(2) as pool:
        written: list[Future[None]] = []

        def read(shard: int) -> Future[list[np.ndarray]]:
            some = parts[0][1].layout.shard_names(shard)
            return pool.submit(lambda: [pictures.picture(name).copy() for name in some])

        upcoming = read(shards[0]) if shards else None
        for place, shard in enumerate(shards):
            block = upcoming.result()  # (H, W) each
            upcoming = read(shards[place + 1]) if place + 1 < len(shards) else None
            for (prediction, writer), of_run in zip(parts, missing, strict=True):
                if shard not in of_run:
                    continue
                done = _predict_shard(prediction, of_run[shard], shard, block, writer, bar.update)
                while len(written) > 1:  # no more than two shards wait to be written
                    written.pop(0).result()
                written.append(pool.submit(writer.write, shard, *done))
        for each in written:
            each.result()
    for _, writer in parts:
        writer.close()
    return [MapReader(each.folder) for each in predictions]


@torch.inference_mode()
def predict_batch(
    networks: Sequence[nn.Module],
    pictures: np.ndarray,
    recipe: Recipe,
    accelerator: "Accelerator | InferenceDevice",
    map_shape: tuple[int, int],
    names: Sequence[str] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Predict the mean map of several pictures over networks and views.

    Args:
        networks: networks on the accelerator's device, in evaluation mode.
        pictures: (N, H, W) uint8.
        recipe: scaling and views.
        accelerator: device and precision.
        map_shape: height and width of the maps.
        names: names of the pictures, for error messages.

    Returns:
        Maps (N, C, h, w) and class probabilities (N, C), both uint8; 0 to 255 stands for 0 to 1. Without a
        class head, the highest value of a class's map stands for its probability.

    Raises:
        SeverstalError: the output of a network, or of its classification head, is non-finite.
    """
    mean, present, _ = _predict(networks, pictures, recipe, accelerator, map_shape, names)
    return _to_bytes(mean), _to_bytes(present)


@torch.inference_mode()
def predict_with_spread(
    networks: Sequence[nn.Module],
    pictures: np.ndarray,
    recipe: Recipe,
    accelerator: "Accelerator | InferenceDevice",
    map_shape: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean map of several pictures as `predict_batch` gives it, and how far the networks are apart.

    Returns:
        Maps (N, C, h, w) and class probabilities (N, C) as `predict_batch` returns them, and the standard
        deviation of the networks' maps, (N, C, h, w); all uint8, 0 to 255 for 0 to 1.

    Raises:
        SeverstalError: the output of a network, or of its classification head, is non-finite.
    """
    mean, present, masks = _predict(networks, pictures, recipe, accelerator, map_shape)
    sized = [_resized(each, map_shape) for each in masks]
    spread = torch.stack([(each - mean).square() for each in sized]).mean(0).sqrt()  # (N, C, h, w)
    return _to_bytes(mean), _to_bytes(present), _to_bytes(spread)


def _predict(
    networks: Sequence[nn.Module],
    pictures: np.ndarray,
    recipe: Recipe,
    accelerator: "Accelerator | InferenceDevice",
    map_shape: tuple[int, int],
    names: Sequence[str] | None = None,
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Mean maps (N, C, h, w), class probabilities (N, C), and each network's own maps (N, C, H, W)."""
    inputs = to_inputs(pictures, recipe.data, accelerator.device)
    with accelerator.autocast():
        predicted = [predict_views(network, inputs, views(recipe.inference)) for network in networks]
    mean = _resized(torch.stack([each.masks for each in predicted]).mean(0), map_shape)  # (N, C, h, w)
    heads = [each.classes for each in predicted if each.classes is not None]
    present = torch.stack(heads).mean(0) if heads else mean.amax((2, 3))  # (N, C)
    # Of the class head too, which may break alone; as bytes a NaN would be a plain 0.
    sound = mean.isfinite().flatten(1).all(1) & present.isfinite().all(1)  # (N,)
    broken = (~sound).nonzero().flatten().tolist()
    if broken:
        name = names[broken[0]] if names else f"picture {broken[0] + 1}"
        raise SeverstalError(
            f"{name}: the output of a network is non-finite: train it again with a lower "
            "training.learning_rate or training.precision = 'fp32'"
        )
    return mean, present, [each.masks for each in predicted]


def _resized(masks: Tensor, shape: tuple[int, int]) -> Tensor:
    return masks if masks.shape[-2:] == shape else functional.interpolate(masks, shape, mode="area")


def _predict_shard(
    prediction: PredictionTask,
    names: Sequence[str],
    shard: int,
    block: Sequence[np.ndarray],
    writer: MapWriter,
    update: Callable[[int], object],
) -> tuple[np.ndarray, np.ndarray]:
    """Maps and class probabilities of a shard's pictures, (H, W) each, as `MapWriter.write` takes them."""
    recipe, layout, size = prediction.recipe, writer.layout, prediction.recipe.inference.batch_size
    if prediction.accelerator.device.type == "cpu":
        size = min(size, _CPU_BATCH)
    maps = np.empty(layout.shard_shape(shard), np.uint8)
    parts = layout.split(shard, maps)
    class_probability = np.empty((len(names), len(layout.spec.classes)), np.uint8)
    for group, rows in _by_members(names, prediction.members).items():
        chosen = [prediction.networks[member] for member in group]

        def predict(part: Sequence[int], chosen: Sequence[nn.Module] = chosen) -> None:
            some, shape = [names[row] for row in part], parts[part[0]].shape[1:]
            pictures = np.stack([block[row] for row in part])
            found, present = predict_batch(chosen, pictures, recipe, prediction.accelerator, shape, some)
            for row, each in zip(part, found, strict=True):
                parts[row][:] = each
            class_probability[part] = present
            update(len(part))

        for batch in batches_of_one_shape(rows, lambda row: block[row].shape, size, layout.spec):
            halve_on_out_of_memory(predict, batch)
    return maps, class_probability


def _writer(prediction: PredictionTask, names: Sequence[str], spec: Spec) -> MapWriter:
    scale, key = prediction.recipe.inference.map_scale, prediction.key
    run = prediction.folder.resolve().parent.name
    return MapWriter(prediction.folder, names, spec, scale, key, run=run, origin=prediction.origin)


def _by_members(
    names: Sequence[str], members: Callable[[str], Sequence[int]]
) -> dict[tuple[int, ...], list[int]]:
    """Rows of a shard, gathered by the networks that predict them."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, name in enumerate(names):
        groups.setdefault(tuple(members(name)), []).append(row)
    return groups


def _to_bytes(probabilities: Tensor) -> np.ndarray:
    return (probabilities * 255).round().to(torch.uint8).contiguous().cpu().numpy()
