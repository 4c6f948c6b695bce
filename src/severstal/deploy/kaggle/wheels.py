"""The wheels that Kaggle's image lacks: this package, written here, and those that pip downloads."""

import base64
import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib.metadata import distribution, version
from pathlib import Path

import severstal
from severstal.errors import SeverstalError

PYTHON = "312"
PLATFORM = "manylinux2014_x86_64"

REQUIRED = (
    "segmentation-models-pytorch",
    "timm",
    "tomli-w",
    "filelock",
    "safetensors",
    "tyro",
    "docstring-parser",
    "typeguard",
    "iterative-stratification",
)
"""What the image lacks, or has in versions that this package was not tested with. Their own needs are
in the image or named here."""

_NEVER = ("torch", "torchvision", "torchaudio", "triton", "nvidia", "numpy", "opencv")
"""Beginnings of names that must not be installed over the image's own builds."""

_TAG = re.compile(
    r"(?P<name>[A-Za-z0-9_.]+)-(?P<version>[A-Za-z0-9_.+!]+)-(?P<python>[a-z0-9_.]+)-(?P<abi>[a-z0-9_.]+)-"
    r"(?P<platform>[A-Za-z0-9_.]+)\.whl"
)
_DATE = (1980, 1, 1, 0, 0, 0)  # the same bytes from the same files


def collect_wheels(folder: Path) -> list[Path]:
    """Write this package's wheel into a folder and download the others.

    Returns:
        The wheels, sorted by name.

    Raises:
        SeverstalError: pip cannot download one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_own_wheel(folder)
    wanted = [f"{name}=={version(name)}" for name in REQUIRED]
    target = ["--only-binary", ":all:", "--python-version", PYTHON, "--platform", PLATFORM]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *target]
    command += ["--disable-pip-version-check", "--dest", str(folder), *wanted]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
        raise SeverstalError(f"{lines[-1]}: check the network, and give the same command again")
    return sorted(folder.glob("*.whl"))


def write_own_wheel(folder: Path) -> Path:
    """Write the installed package as a wheel, from its files alone, without a build tool or a network."""
    about = distribution("severstal")
    stem = f"severstal-{about.version}"
    source = Path(severstal.__file__).parent
    files = {
        f"severstal/{path.relative_to(source).as_posix()}": path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.suffix in (".py", ".toml") and "__pycache__" not in path.parts
    }
    files[f"{stem}.dist-info/METADATA"] = (about.read_text("METADATA") or "").encode()
    files[f"{stem}.dist-info/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: severstal\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{stem}.dist-info/entry_points.txt"] = b"[console_scripts]\nseverstal = severstal.cli:main\n"
    record = "".join(f"{name},sha256={_hash(data)},{len(data)}\n" for name, data in files.items())
    files[f"{stem}.dist-info/RECORD"] = (record + f"{stem}.dist-info/RECORD,,\n").encode()
    target = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, data)
    return target


def wheel_findings(paths: Sequence[Path]) -> list[str]:
    """What is wrong with the wheels for Kaggle's Python, one line each."""
    findings, present = [], set()
    for path in paths:
        found = _TAG.fullmatch(path.name)
        if found is None or not zipfile.is_zipfile(path):
            findings.append(f"{path.name}: not a wheel: download it again")
            continue
        name = _plain(found["name"])
        present.add(name)
        if name.startswith(_NEVER):
            findings.append(f"{path.name}: would replace the image's own build: take it out")
        if not _fits(found["python"], found["abi"], found["platform"]):
            findings.append(f"{path.name}: not for Python {PYTHON} on {PLATFORM}: download it again")
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            findings.append(f"{path.name}: {damaged} in it is damaged: download it again")
    for name in ("severstal", *REQUIRED):
        if _plain(name) not in present:
            findings.append(f"no wheel of {name}: make the kit again")
    return findings


def _fits(python: str, abi: str, platform: str) -> bool:
    """Whether tags fit CPython 3.12 on Linux x86-64.

    Example:
        >>> _fits("py3", "none", "any"), _fits("cp311", "cp311", "manylinux2014_x86_64")
        (True, False)
    """
    tags = python.split(".")
    newer = any(tag.startswith("cp3") and tag[3:].isdigit() and int(tag[3:]) <= 12 for tag in tags)
    runs = "py3" in tags or f"cp{PYTHON}" in tags or (abi == "abi3" and newer)
    places = platform.split(".")
    linux = any(place.startswith("manylinux") and place.endswith("_x86_64") for place in places)
    return runs and ("any" in places or linux)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
