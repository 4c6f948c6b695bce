"""The whole answer of a model as one torch module that the exporters take: from grey bytes to probabilities.

It computes what `TorchModel` does, by operations that ONNX has and without a branch on the picture's size:
shrinking, normalisation, padding, views, the mean over networks, the average over members, rounding to bytes.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import torch
from torch import Tensor, nn

from severstal.data.normalize import normalize
from severstal.deploy.onnx.pooling import exportable
from severstal.deploy.onnx.resampling import area_shares, pooling, resample, triangle
from severstal.deploy.torch_model import TorchMember
from severstal.errors import SeverstalError
from severstal.inference.ensemble import Combiner
from severstal.inference.views import AXES, View, views
from severstal.models.registry import Network


class GraphOutput(NamedTuple):
    """What the graph returns, as `ModelOutput` describes it.

    Attributes:
        maps: (N, C, h, w) uint8.
        classes: (N, C) uint8.
        finite: (N,) bool, whether all probabilities of a picture are finite.
        spread: (N, C, h, w) uint8; left out where there is nothing to compare.
    """

    maps: Tensor
    classes: Tensor
    finite: Tensor
    spread: Tensor | None


class MemberGraph(nn.Module):
    """One run: the mean over its networks and views.

    Args:
        member: recipe and networks.

    Attributes:
        several: whether there are several networks, whose spread is of interest.
    """

    def __init__(self, member: TorchMember) -> None:
        super().__init__()
        self.recipe = member.recipe
        self.networks = nn.ModuleList(exportable(network) for network in member.networks)
        self.several = len(member.networks) > 1

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Probabilities of a batch of pictures.

        Args:
            pictures: (N, H, W) uint8, or (N, H, W, 3) of colours.

        Returns:
            Maps (N, C, h, w) and classes (N, C), 0 to 1, and the maps of each network (F, N, C, h, w).
        """
        scale, map_scale = self.recipe.data.scale, self.recipe.inference.map_scale
        shape = _divided(pictures.shape[1], map_scale), _divided(pictures.shape[2], map_scale)
        inputs = normalize(_shrunk(pictures, scale) / 255, self.recipe.data)
        every = [_mean_of_views(network, inputs, views(self.recipe.inference)) for network in self.networks]
        maps = torch.stack([masks for masks, _ in every])
        if map_scale != scale:
            maps = resample(maps, shape, (pooling(map_scale // scale),) * 2)
        mean = maps.mean(0)
        heads = [classes for _, classes in every if classes is not None]
        classes = torch.stack(heads).mean(0) if heads else mean.amax((2, 3))
        return mean, classes, maps


class ModelGraph(nn.Module):
    """A run, or an ensemble of runs averaged by their combiner.

    Args:
        members: members of the model.
        combiner: averages them; None for a single one.

    Raises:
        SeverstalError: members have maps of different resolution, or are averaged in a way that has no table.
    """

    def __init__(self, members: Sequence[TorchMember], combiner: Combiner | None) -> None:
        super().__init__()
        self.members = nn.ModuleList(MemberGraph(member) for member in members)
        self.combined = combiner is not None
        scales = sorted({member.recipe.inference.map_scale for member in members})
        if len(scales) > 1:
            raise SeverstalError(
                f"members have maps of scales {', '.join(map(str, scales))}, which ONNX does not mix: leave "
                "out --onnx, or give the recipes the same inference.map_scale"
            )
        if combiner is not None:
            tables = combiner.lookup_tables()
            if tables is None:
                raise SeverstalError(
                    f"an ensemble averaged by {combiner.mode} has no table for ONNX: leave out --onnx, "
                    "or tune the ensemble with --mode mean"
                )
            values, levels = (torch.from_numpy(table) for table in tables)
            self.register_buffer("values", values, persistent=False)  # (M, 256)
            self.register_buffer("levels", levels, persistent=False)  # (65536,)

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """`GraphOutput` of pictures (N, H, W) or (N, H, W, 3) uint8, without a spread where it is None."""
        said = [member(pictures) for member in self.members]
        finite = torch.stack([maps.sum((1, 2, 3)) + classes.sum(1) for maps, classes, _ in said]).sum(0)
        finite = ~finite.isnan()  # sigmoids are never infinite
        if self.combined:
            whole = [_levels(maps) for maps, _, _ in said]
            maps, classes = self._averaged(whole), self._averaged([_levels(each) for _, each, _ in said])
            spread = torch.stack(whole).float().std(0, correction=0)
            return maps, classes, finite, spread.round().to(torch.uint8)
        maps, classes, every = said[0]
        answer = _to_levels(maps), _to_levels(classes), finite
        if not self.members[0].several:
            return answer
        return *answer, _to_levels((every - maps).square().mean(0).sqrt())

    def _averaged(self, members: Sequence[Tensor]) -> Tensor:
        """What `Combiner` computes, by its tables: uint8 of the members' levels, int64."""
        total = torch.full_like(members[0], 0.5, dtype=torch.float32)
        for values, levels in zip(self.values, members, strict=True):
            total = total + values[levels]
        return self.levels[total.long()].to(torch.uint8)


def _mean_of_views(network: Network, inputs: Tensor, shown: Sequence[View]) -> tuple[Tensor, Tensor | None]:
    """Mean probabilities of masks (N, C, h, w) and classes (N, C) over views, as `predict_views` has it."""
    masks: Tensor | None = None
    classes: Tensor | None = None
    for scale in dict.fromkeys(view.scale for view in shown):
        alike = [view for view in shown if view.scale == scale]
        # In one batch: the network is in the graph once per scale, which exports several times as fast.
        every, present = _run(network, torch.cat([_show(inputs, view) for view in alike]))
        parts = every.sigmoid().reshape(len(alike), -1, *every.shape[1:])  # (V, N, C, h, w)
        for place, view in enumerate(alike):
            undone = _undo(parts[place], view, inputs)
            masks = undone if masks is None else masks + undone
        if present is not None:
            total = present.sigmoid().reshape(len(alike), -1, present.shape[1]).sum(0)
            classes = total if classes is None else classes + total
    assert masks is not None  # a recipe has at least one view
    return masks / len(shown), None if classes is None else classes / len(shown)


def _run(network: Network, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
    """Logits of a network, whose pictures are padded by gathers in place of a branch on their size."""
    height, width = inputs.shape[-2], inputs.shape[-1]
    below, right = (_padded(side, network.stride, network.smallest) for side in (height, width))
    rows, columns = (
        torch.arange(inside).clamp_max(side - 1) for inside, side in ((below, height), (right, width))
    )
    result = network.body(inputs.index_select(-2, rows).index_select(-1, columns))
    masks, classes = result if isinstance(result, tuple) else (result, None)
    return masks[..., :height, :width], classes


def _padded(side: int, stride: int, smallest: int) -> int:
    wanted = _at_least(side, smallest) if smallest > stride else side
    return (wanted + stride - 1) // stride * stride


def _shrunk(pictures: Tensor, scale: int) -> Tensor:
    """(N, H, W) or (N, H, W, 3) uint8 as (N, 1 or 3, h, w) float32 of whole levels 0 to 255, as
    `arrays.shrink` has them."""
    planes = (pictures[:, None] if pictures.ndim == 3 else pictures.permute(0, 3, 1, 2)).float()
    if scale == 1:
        return planes
    shape = _divided(planes.shape[-2], scale), _divided(planes.shape[-1], scale)
    small = resample(planes, shape, (area_shares(scale),) * 2)
    if scale != 2:
        return small.round()
    # OpenCV rounds the mean of 2 x 2 pixels half up, and any other half to even.
    whole = (1 - planes.shape[-2] % 2) * (1 - planes.shape[-1] % 2)
    return small.round() + ((small + 0.5).floor() - small.round()) * whole


def _show(inputs: Tensor, view: View) -> Tensor:
    if view.shift:
        inputs = _rolled(inputs, view.shift)
    if view.scale != 1:
        shape = _scaled(inputs.shape[-2], view.scale), _scaled(inputs.shape[-1], view.scale)
        inputs = resample(inputs, shape, (triangle(1 / view.scale),) * 2)
    return inputs.flip(AXES[view.flip]) if AXES[view.flip] else inputs


def _undo(masks: Tensor, view: View, inputs: Tensor) -> Tensor:
    if AXES[view.flip]:
        masks = masks.flip(AXES[view.flip])
    if view.scale != 1:
        masks = resample(masks, (inputs.shape[-2], inputs.shape[-1]), (triangle(view.scale),) * 2)
    return _rolled(masks, -view.shift) if view.shift else masks


def _rolled(values: Tensor, shift: float) -> Tensor:
    """Cyclic shift to the right by a share of the width."""
    place = torch.arange(values.shape[-1])
    pixels = (
        (torch.ones_like(place) * values.shape[-1] * abs(shift)).round().long()
    )  # the same for each place
    moved = place - pixels if shift > 0 else place + pixels
    return values.index_select(-1, moved % values.shape[-1])


def _scaled(side: int, scale: float) -> int:
    """`max(1, round(side * scale))`, halves to even, in whole numbers: a side may be a symbol or a tensor."""
    up, down = Fraction(scale).limit_denominator(1000).as_integer_ratio()
    doubled = 2 * side * up + down
    nearest, rest = doubled // (2 * down), doubled % (2 * down)
    is_half = (2 * down - rest) // (2 * down)  # 1 or 0
    return _at_least(nearest - nearest % 2 * is_half, 1)


def _at_least(side: int | Tensor, least: int) -> int:
    """The larger of both; a side is a tensor while the TorchScript exporter traces, else may be a symbol."""
    return side.clamp_min(least) if isinstance(side, Tensor) else torch.sym_max(side, least)


def _divided(side: int, scale: int) -> int:
    return (side + scale - 1) // scale


def _levels(probabilities: Tensor) -> Tensor:
    return (probabilities * 255).round().long()


def _to_levels(probabilities: Tensor) -> Tensor:
    return (probabilities * 255).round().to(torch.uint8)
