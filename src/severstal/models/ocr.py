"""Object-contextual representations: a pixel's feature is extended by those of the regions it resembles."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from severstal.models.body import STRIDE_4, Body
from severstal.models.hrnet import BRANCHES, branch_encoder, convolution, join_branches
from severstal.models.network import Network
from severstal.models.options import check_whole
from severstal.models.smp_networks import PRIOR_LOGIT, smp_network

DROPOUT = 0.05  # before the last convolution, as in the authors' code


def region_features(pixels: Tensor, regions: Tensor) -> Tensor:
    """Features of soft regions: the mean of the pixels' features, weighted by the region's map.

    Equation 1 of the paper; the weights are a softmax over the pixels, as in the authors' code.

    Args:
        pixels: features, (N, D, h, w).
        regions: logits, (N, K, h, w).

    Returns:
        (N, D, K, 1).

    Example:
        >>> pixels = torch.tensor([[[[1.0, 3.0]]]])
        >>> region_features(pixels, torch.tensor([[[[0.0, 0.0]], [[-99.0, 0.0]]]])).flatten().tolist()
        [2.0, 3.0]
    """
    shares = regions.flatten(2).softmax(dim=2)  # (N, K, h w)
    return (pixels.flatten(2) @ shares.mT)[..., None]  # (N, D, K, 1)


class ObjectContext(nn.Module):
    """The context of a pixel: a convex combination of the regions' features (equations 2 and 3).

    Args:
        width: channels of the pixels, the regions and the context; inside it is half of that.

    Example:
        >>> ObjectContext(8)(torch.zeros(2, 8, 4, 6), torch.zeros(2, 8, 5, 1)).shape
        torch.Size([2, 8, 4, 6])
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        inside = width // 2
        self.scale = inside**-0.5
        self.query = nn.Sequential(convolution(width, inside), convolution(inside, inside))
        self.key = nn.Sequential(convolution(width, inside), convolution(inside, inside))
        self.value = convolution(width, inside)
        self.up = convolution(inside, width)

    def relation(self, pixels: Tensor, regions: Tensor) -> Tensor:
        """Attention of each pixel to each region.

        Args:
            pixels: features, (N, width, h, w).
            regions: features, (N, width, K, 1).

        Returns:
            (N, h w, K), in [0, 1], of sum 1 over the regions.
        """
        query, key = self.query(pixels).flatten(2), self.key(regions).flatten(2)
        return (self.scale * query.mT @ key).softmax(dim=2)

    def forward(self, pixels: Tensor, regions: Tensor) -> Tensor:
        """Return the context of the pixels, (N, width, h, w); takes what `relation` takes."""
        values = self.value(regions).flatten(2)  # (N, width / 2, K)
        context = values @ self.relation(pixels, regions).mT  # (N, width / 2, h w)
        return self.up(context.unflatten(2, pixels.shape[2:]))


class ContextHead(nn.Module):
    """Soft regions, their features, each pixel's context, and the masks from pixel and context.

    There is one region more than classes, for sound steel: its pixels would otherwise be described only by
    the features of defects.

    Args:
        depth: channels of all branches.
        classes: number of mask classes.
        width: channels of pixels and regions.
    """

    def __init__(self, depth: int, classes: int, width: int) -> None:
        super().__init__()
        self.regions = nn.Sequential(convolution(depth, depth), nn.Conv2d(depth, classes + 1, 1))
        nn.init.constant_(self.regions[-1].bias, PRIOR_LOGIT)
        self.pixels = convolution(depth, width, kernel=3)
        self.context = ObjectContext(width)
        self.masks = nn.Sequential(
            convolution(2 * width, width), nn.Dropout2d(DROPOUT), nn.Conv2d(width, classes, 1)
        )

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the logits (N, C, h / 4, w / 4) from the encoder's features."""
        joined = join_branches(features[STRIDE_4:])
        pixels = self.pixels(joined)
        context = self.context(pixels, region_features(pixels, self.regions(joined)))
        return self.masks(torch.cat([context, pixels], dim=1))


class HrnetOcr(Body):
    """HRNetV2 with an object-contextual head (Yuan 2020, Object-Contextual Representations, 1909.11065).

    Args:
        encoder_name: encoder of `Hrnet`.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        decoder_channels: channels of pixels and regions.
        kwargs: further arguments, passed to timm's encoder.

    Example:
        >>> HrnetOcr("tu-test_resnet", None, 1, 4, decoder_channels=16)(torch.zeros(2, 1, 64, 96)).shape
        torch.Size([2, 4, 64, 96])
    """

    reads = BRANCHES

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        decoder_channels: int = 512,
        **kwargs: Any,
    ) -> None:
        width = check_whole("decoder_channels", decoder_channels, 2)
        encoder = branch_encoder(encoder_name, in_channels, **kwargs)
        head = ContextHead(sum(encoder.out_channels[STRIDE_4:]), classes, width)
        super().__init__(encoder, head, aux_params)


class RegionNetwork(Network):
    """A network whose soft regions are supervised too, where there is deep supervision.

    They are the first of the auxiliary outputs, at stride 4.

    Args:
        body: module that predicts the soft regions.
        stride: number of pixels; height and width are padded to multiples of it.
        classes: number of mask classes.
    """

    def __init__(self, body: HrnetOcr, stride: int, classes: int) -> None:
        super().__init__(body, stride)
        self.classes = classes
        self._kept: tuple[Tensor, ...] = ()
        body.segmentation_head.regions.register_forward_hook(self._keep)

    def _keep(self, _module: nn.Module, _inputs: tuple[Tensor, ...], regions: Tensor) -> None:
        if self.training and self.auxiliary is not None:
            self._kept = (regions[:, : self.classes],)

    def _auxiliary_logits(self) -> tuple[Tensor, ...]:
        (regions,), self._kept = self._kept, ()
        return (regions, *super()._auxiliary_logits())


def hrnet_ocr(
    encoder_name: str,
    encoder_weights: str,
    in_channels: int,
    classes: int,
    class_head: bool,
    options: Mapping[str, Any],
) -> Network:
    """Build `HrnetOcr` as a network whose soft regions are one of its auxiliary outputs.

    The paper trains the regions by a loss of their own; here that is deep supervision's, of weight 0.4 in the
    paper. Without it they are trained only through the masks.

    Args:
        encoder_name: encoder of `Hrnet`.
        encoder_weights: "none", a name that the encoder knows, or the path of a `.safetensors` file.
        in_channels: number of picture channels.
        classes: number of mask classes.
        class_head: whether the network also predicts which classes a picture holds.
        options: options of `HrnetOcr`; others go to timm.

    Raises:
        SeverstalError: an unknown encoder, weights or option.

    Example:
        >>> network = hrnet_ocr("tu-test_resnet", "none", 1, 4, True, {"decoder_channels": 16})
        >>> network(torch.zeros(2, 1, 64, 96)).classes.shape
        torch.Size([2, 4])
    """
    network = smp_network(HrnetOcr, encoder_name, encoder_weights, in_channels, classes, class_head, options)
    return RegionNetwork(network.body, network.stride, classes)
