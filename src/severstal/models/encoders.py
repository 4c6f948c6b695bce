"""Encoders: those of segmentation-models-pytorch by name, those of timm as `tu-NAME`."""

import math
from typing import Any

import timm
import torch
from segmentation_models_pytorch.encoders import encoders, get_encoder, is_equivalent_to_timm_universal
from torch import nn

from severstal.errors import SeverstalError, nearest, unknown
from severstal.models.mismatch import EncoderMismatch, library_call

TIMM = "tu-"
OWN_ENCODER = "own"  # in place of an encoder's name, where the architecture has none but its own


def find_encoder(name: str) -> str:
    """Resolve the name of an encoder.

    Args:
        name: name of an encoder: "resnet18", "tu-convnext_tiny", or "tu-resnet18.a1_in1k" with its weights'
            tag.

    Returns:
        The same name; for a `timm-` encoder that smp replaced by timm's own, the name of that.

    Raises:
        SeverstalError: the encoder is unknown; names the nearest.

    Example:
        >>> find_encoder("resnet18"), find_encoder("timm-mobilenetv3_small_100")
        ('resnet18', 'tu-tf_mobilenetv3_small_100')
        >>> find_encoder("resnet81")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: encoder_name 'resnet81' is unknown: the nearest ... 'resnet18'
    """
    if name in encoders:
        return name
    if is_equivalent_to_timm_universal(name):  # as smp translates them itself, but only in some places
        name = name.replace("timm-", "tu-tf_" if "mobilenetv3" in name else TIMM, 1)
    base, _, tag = name.partition(".")
    if not name.startswith(TIMM) or not timm.is_model(base.removeprefix(TIMM)):
        known = [*encoders, *(TIMM + model for model in timm.list_models())]
        raise SeverstalError(
            f"encoder_name {name!r} is unknown: the nearest known one is {nearest(base, known)!r}"
        )
    if tag and tag not in weight_tags(base):
        raise unknown("encoder_name", name, [base, *(f"{base}.{known}" for known in weight_tags(base))])
    return name


def new_encoder(encoder_name: str, in_channels: int, **settings: Any) -> nn.Module:
    """Build an encoder of smp or timm with random weights.

    Args:
        encoder_name: name from `find_encoder`.
        in_channels: number of picture channels.
        settings: `depth` and `output_stride` as smp takes them; others go to timm.

    Returns:
        An encoder whose output is a list of features, finest first; `out_channels` are their channels.

    Raises:
        EncoderMismatch: the library does not build it so, as where its strides cannot be dilated.

    Example:
        >>> new_encoder("tu-test_resnet", 1, output_stride=8).out_channels
        [1, 32, 32, 48, 192, 96]
    """
    with library_call():
        return get_encoder(encoder_name, in_channels, weights=None, **settings)


def weight_tags(base: str) -> list[str]:
    """Names of the weights that timm knows for an encoder, its default first.

    Args:
        base: `tu-NAME` without a tag.

    Example:
        >>> weight_tags("tu-mobilenetv3_small_050")
        ['lamb_in1k']
    """
    name = base.removeprefix(TIMM)
    tags = [model.partition(".")[2] for model in timm.list_models(f"{name}.*", pretrained=True)]
    default = timm.models.get_pretrained_cfg(name).tag
    return sorted(tags, key=lambda tag: (tag != default, tag))


def any_size(encoder_name: str) -> dict[str, Any]:
    """Return the options of timm by which a transformer for one size of picture takes any.

    Args:
        encoder_name: timm encoder's name from `find_encoder`.

    Example:
        >>> any_size("tu-swin_tiny_patch4_window7_224"), any_size("tu-convnext_tiny")
        ({'strict_img_size': False}, {})
    """
    family = timm.model_entrypoint(encoder_name.removeprefix(TIMM)).__module__.rpartition(".")[2]
    match family:
        case "swin_transformer" | "swin_transformer_v2" | "swin_transformer_v2_cr":
            return {"strict_img_size": False}
        case "vision_transformer" | "deit" | "eva":
            return {"dynamic_img_size": True}
    return {}


def find_stride(encoder: nn.Module, encoder_name: str, in_channels: int, size: int | None = None) -> int:
    """Find the number that height and width of a picture have to be multiples of.

    That is the stride of the coarsest feature; for a transformer whose windows divide one size of picture
    (maxvit) it is that size.

    Args:
        encoder: an encoder of smp.
        encoder_name: its name from `find_encoder`.
        in_channels: number of picture channels.
        size: height and width of the pictures, in pixels, where it is not timm's default.

    Raises:
        EncoderMismatch: the encoder takes only one size of picture.
    """
    stride = encoder.output_stride
    config = timm.models.get_pretrained_cfg(encoder_name.removeprefix(TIMM))
    if not encoder_name.startswith(TIMM) or not config.fixed_input_size:
        return stride
    size = config.input_size[-1] if size is None else size
    if type(size) is not int or size < 1:
        raise SeverstalError(f"model option 'img_size' is {size!r}: give one whole number")
    encoder.eval()
    for multiple in (stride, math.lcm(stride, size)):
        wide = math.ceil(2 * size / multiple) * multiple
        try:
            with torch.no_grad():
                encoder(torch.zeros(1, in_channels, multiple, wide))
        except (AssertionError, IndexError, RuntimeError, ValueError):  # as the encoders raise it for a size
            continue
        return multiple
    raise EncoderMismatch(f"{encoder_name} takes only pictures of {size} x {size}", "choose another encoder")


def flat_name(name: str) -> str:
    """Return the name of a weight without the wrapping and the flattened stages of timm's model.

    Example:
        >>> flat_name("model.stages_0.blocks.1.weight") == flat_name("stages.0.blocks.1.weight")
        True
    """
    while name.startswith("model."):
        name = name.removeprefix("model.")
    return name.replace(".", "_")


def find_published(encoder_name: str, weights: str) -> tuple[str, str | None]:
    """Find an encoder's weights on the Hugging Face Hub.

    Args:
        encoder_name: name from `find_encoder`.
        weights: "imagenet" or another name that the encoder knows; for a timm encoder a tag, or "imagenet"
            for those of the tag in its name, else for its default.

    Returns:
        Repository and revision.

    Raises:
        SeverstalError: the encoder has no such weights; names the nearest.

    Example:
        >>> find_published("tu-mobilenetv3_small_050", "imagenet")
        ('timm/mobilenetv3_small_050.lamb_in1k', None)
    """
    if encoder_name.startswith(TIMM):
        base, _, tag = encoder_name.partition(".")
        tags = weight_tags(base)
        published = {known: (repository, None) for known in tags if (repository := _repository(base, known))}
        if preferred := published.get(tag or next(iter(tags), "")):
            published["imagenet"] = preferred
    else:
        settings = encoders[encoder_name]["pretrained_settings"]
        published = {known: (entry["repo_id"], entry["revision"]) for known, entry in settings.items()}
    if weights not in published:
        raise SeverstalError(
            f"encoder_weights {weights!r} of {encoder_name} is unknown: the nearest known one is "
            f"{nearest(weights, [*published, 'none'])!r}; or give a .safetensors file"
        )
    return published[weights]


def _repository(base: str, tag: str) -> str | None:
    return timm.models.get_pretrained_cfg(f"{base.removeprefix(TIMM)}.{tag}").hf_hub_id
