"""Pictures to maps: each picture is read once for all networks and flips."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn
from torch.nn import functional

from severstal.competition.spec import Spec
from severstal.data.dataset import to_input
from severstal.data.images import ImageStore
from severstal.inference.maps import MapReader, MapWriter
from severstal.inference.tta import predict_flipped
from severstal.progress import progress
from severstal.recipe import Recipe


def predict_maps(
    networks: Mapping[int, nn.Module],
    members: Callable[[str], Sequence[int]],
    store: ImageStore,
    names: Sequence[str],
    folder: str | Path,
    spec: Spec,
    recipe: Recipe,
    accelerator: Accelerator,
    key: str,
) -> MapReader:
    """Predict pictures and keep their maps; what a broken-off call has written is not predicted again.

    Args:
        networks: by their number, the fold.
        members: which networks a picture's map is averaged over: its own fold's for an out-of-fold map, all
            of them for a test map.
        store: of the pictures.
        names: which pictures, in the order of the maps.
        folder: of the maps.
        spec: of the data set.
        recipe: scaling, flips, batch size and the maps' scale.
        accelerator: device and precision.
        key: checksum of all that the maps depend on.

    Returns:
        The maps.
    """
    for network in networks.values():
        network.to(accelerator.device).eval()
    writer = MapWriter(folder, names, spec, recipe.inference.map_scale, key)
    map_shape = writer.layout.map_shape[1:]
    missing = writer.missing_shards()
    with progress(range(sum(len(shard) for _, shard in missing)), "predict") as bar:
        for number, shard in missing:
            maps = np.empty((len(shard), len(spec.classes), *map_shape), np.uint8)
            for group, rows in _by_members(shard, members).items():
                for start in range(0, len(rows), recipe.inference.batch_size):
                    part = rows[start : start + recipe.inference.batch_size]
                    pictures = np.stack([store.picture(shard[row]) for row in part])
                    chosen = [networks[member] for member in group]
                    maps[part] = predict_batch(chosen, pictures, recipe, accelerator, map_shape)
                    bar.update(len(part))
            writer.write(number, maps)
    writer.close()
    return MapReader(folder)


@torch.inference_mode()
def predict_batch(
    networks: Sequence[nn.Module],
    pictures: np.ndarray,
    recipe: Recipe,
    accelerator: Accelerator,
    map_shape: tuple[int, int],
) -> np.ndarray:
    """Mean map of several pictures over networks and flips.

    Args:
        networks: on the accelerator's device, in evaluation mode.
        pictures: (N, H, W) uint8.
        recipe: scaling and flips.
        accelerator: device and precision.
        map_shape: height and width of the maps.

    Returns:
        (N, C, h, w) uint8; 0 to 255 stands for 0 to 1.
    """
    inputs = torch.stack([to_input(picture, recipe.data) for picture in pictures]).to(accelerator.device)
    with accelerator.autocast():
        views = [predict_flipped(network, inputs, recipe.inference.flips) for network in networks]
    mean = torch.stack(views).mean(0)  # (N, C, h, w)
    if mean.shape[-2:] != map_shape:
        mean = functional.interpolate(mean, map_shape, mode="area")
    return (mean * 255).round().to(torch.uint8).cpu().numpy()


def _by_members(
    names: Sequence[str], members: Callable[[str], Sequence[int]]
) -> dict[tuple[int, ...], list[int]]:
    """Rows of a shard, gathered by the networks that predict them."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, name in enumerate(names):
        groups.setdefault(tuple(members(name)), []).append(row)
    return groups
