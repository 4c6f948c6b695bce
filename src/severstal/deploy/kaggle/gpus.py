"""The GPUs that torch can compute on; one that it only recognises is refused by name."""

import torch

from severstal.errors import SeverstalError


def usable_devices() -> list[str]:
    """Every GPU, as torch names it, or the CPU where there is none.

    Raises:
        SeverstalError: this torch has no code for a GPU, as for the P100, whose first operation would fail.

    Example:
        >>> usable_devices() == ["cpu"] or usable_devices()[0] == "cuda:0"
        True
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    for place in range(count):
        check_capability(
            torch.cuda.get_device_name(place),
            torch.cuda.get_device_capability(place),
            torch.cuda.get_arch_list(),
        )
    return [f"cuda:{place}" for place in range(count)] or ["cpu"]


def check_capability(name: str, capability: tuple[int, int], built_for: list[str]) -> None:
    """Check that torch was built for a GPU.

    Args:
        name: name of the GPU.
        capability: its compute capability.
        built_for: what torch was built for, such as `["sm_75", "sm_80", "compute_90"]`: machine code runs on
            the same major and at least the same minor version, code that is compiled on start on any later
            one.

    Raises:
        SeverstalError: it was not.

    Example:
        >>> check_capability("Tesla T4", (7, 5), ["sm_75", "sm_90"])
        >>> check_capability("Tesla P100-PCIE-16GB", (6, 0), ["sm_75", "sm_90"])
        Traceback (most recent call last):
        severstal.errors.SeverstalError: Tesla P100-PCIE-16GB: compute capability 6.0 is not served by ...
    """
    for architecture in built_for:
        kind, _, digits = architecture.partition("_")
        digits = digits.rstrip("af")  # variants of an architecture, as sm_90a
        if not digits.isdigit():
            continue
        major, minor = divmod(int(digits), 10)
        same = kind == "sm" and major == capability[0] and minor <= capability[1]
        if same or (kind == "compute" and (major, minor) <= capability):
            return
    raise SeverstalError(
        f"{name}: compute capability {capability[0]}.{capability[1]} is not served by this torch, which has "
        f"code for {', '.join(built_for) or 'no GPU'}: choose GPU T4 x2 as the notebook's accelerator"
    )
