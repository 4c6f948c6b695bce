"""The metadata files of Kaggle's client, for datasets and notebooks, and Kaggle's rules on them."""

import re
from collections.abc import Mapping
from typing import Any

from severstal.competition.folder import COMPETITION
from severstal.errors import SeverstalError

DATASET_FILE = "dataset-metadata.json"
KERNEL_FILE = "kernel-metadata.json"
MACHINE = "NvidiaTeslaT4"
"""Two T4. Kaggle's default, P100, has a compute capability that today's torch no longer serves."""

_USER = re.compile(r"[a-z0-9][a-z0-9_-]{1,49}", re.IGNORECASE)


def slugify(title: str) -> str:
    """The name in the address that Kaggle makes of a title.

    Example:
        >>> slugify("Severstal: FPN on lite0 (weights)")
        'severstal-fpn-on-lite0-weights'
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def title_of(name: str, kind: str) -> str:
    """A title of 6 to 50 characters whose slug has at most 50.

    Args:
        name: name of a run, any text.
        kind: what it holds, such as "weights".

    Example:
        >>> title_of("smoke-sample", "weights")
        'severstal smoke-sample weights'
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    room = 50 - len(f"severstal  {kind}")
    return " ".join(f"severstal {plain[:room].strip('-')} {kind}".split())


def check_user(user: str) -> None:
    """Check a Kaggle user name, as it stands in the address of the profile.

    Raises:
        SeverstalError: it cannot be one.

    Example:
        >>> check_user("Jane Doe")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: --user Jane Doe: give the name in the address of your Kaggle ...
    """
    if not _USER.fullmatch(user):
        raise SeverstalError(
            f"--user {user}: give the name in the address of your Kaggle profile, as jane-doe"
        )


def dataset_metadata(user: str, title: str, licence: str = "MIT") -> dict[str, Any]:
    """What `kaggle datasets create` needs."""
    return {"title": title, "id": f"{user}/{slugify(title)}", "licenses": [{"name": licence}]}


def kernel_metadata(user: str, title: str, code_file: str, datasets: list[str]) -> dict[str, Any]:
    """What `kaggle kernels push` needs; internet is off, which the client would otherwise turn on."""
    return {
        "id": f"{user}/{slugify(title)}",
        "title": title,
        "code_file": code_file,
        "language": "python",
        "kernel_type": "notebook",
        "is_private": True,
        "enable_gpu": True,
        "enable_tpu": False,
        "enable_internet": False,
        "machine_shape": MACHINE,
        "dataset_sources": datasets,
        "competition_sources": [COMPETITION],
        "kernel_sources": [],
        "model_sources": [],
    }


def dataset_findings(found: Mapping[str, Any], file: str) -> list[str]:
    """What Kaggle would refuse in a dataset's metadata, one line each.

    Args:
        found: the contents of the file.
        file: its name, for the lines.
    """
    title, identity = str(found.get("title", "")), str(found.get("id", ""))
    slug = identity.partition("/")[2]
    findings = []
    if not 6 <= len(title) <= 50:
        findings.append(f"{file}: title {title!r} has {len(title)} characters: give 6 to 50")
    if not re.fullmatch(r"[A-Za-z0-9_-]+/[a-z0-9-]{3,50}", identity):
        findings.append(f"{file}: id {identity!r}: give user/slug, a slug of 3 to 50 letters, digits and -")
    elif slug != slugify(title):
        findings.append(f"{file}: id {identity!r} is not of the title, whose slug is {slugify(title)!r}")
    licences = found.get("licenses")
    if not isinstance(licences, list) or len(licences) != 1:
        findings.append(f"{file}: licenses has to name exactly one licence")
    return findings


def kernel_findings(found: Mapping[str, Any], file: str, datasets: list[str]) -> list[str]:
    """What would make a push or the run of the notebook fail, one line each.

    Args:
        found: the contents of the file.
        file: its name, for the lines.
        datasets: `user/slug` of the datasets that it has to attach.
    """
    findings = []
    title, identity = str(found.get("title", "")), str(found.get("id", ""))
    if identity.partition("/")[2] != slugify(title) or not title:
        findings.append(f"{file}: id {identity!r} is not of the title, whose slug is {slugify(title)!r}")
    wanted = {
        "language": "python",
        "kernel_type": "notebook",
        "enable_gpu": True,
        "enable_internet": False,
        "machine_shape": MACHINE,
        "dataset_sources": datasets,
        "competition_sources": [COMPETITION],
    }
    for key, value in wanted.items():
        if key not in found:
            findings.append(
                f"{file}: {key} is missing: write {value!r}, as Kaggle's client has other defaults"
            )
        elif found[key] != value or type(found[key]) is not type(value):
            findings.append(f"{file}: {key} is {found[key]!r}: write {value!r}")
    return findings
