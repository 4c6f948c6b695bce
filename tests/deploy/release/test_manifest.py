"""A folder is opened only if it holds the listed files, unchanged, and nothing else."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import severstal
from severstal.deploy.release.manifest import check_release_files, write_release_files
from severstal.errors import SeverstalError
from severstal.files import digest

Damage = Callable[[Path], object]


def cut(release: Path) -> None:
    path = release / "member1-fold0.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(release: Path) -> None:
    path = release / "member1-fold1.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def swap(release: Path) -> None:
    first, second = (release / f"member1-fold{fold}.safetensors" for fold in (0, 1))
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)


def link(release: Path) -> None:
    path = release / "member1-fold0.safetensors"
    elsewhere = release.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def relist(change: Callable[[dict], object]) -> Damage:
    """Change the list of files, with a digest that fits, as an attacker would."""

    def damage(release: Path) -> None:
        path = release / "release.json"
        about = json.loads(path.read_text())
        change(about)
        about.pop("digest", None)
        path.write_text(json.dumps({**about, "digest": digest(about)}))

    return damage


def name_outside(name: str) -> Damage:
    return relist(lambda about: about["files"].update({name: about["files"].pop("member1.toml")}))


DAMAGES: dict[str, tuple[Damage, str]] = {
    "cut": (cut, r"member1-fold0\.safetensors: damaged, [\d,]+ of [\d,]+ bytes"),
    "bit": (flip_a_bit, r"member1-fold1\.safetensors: damaged, its SHA-256"),
    "swapped": (swap, r"member1-fold0\.safetensors: damaged"),
    "missing": (lambda release: (release / "member1.toml").unlink(), r"member1\.toml: missing"),
    "more": (lambda release: (release / "more.pt").write_bytes(b"x"), r"more\.pt: not a file of the release"),
    "folder": (lambda release: (release / "fold0").mkdir(), r"fold0: not a file of the release"),
    "hidden": (lambda release: (release / ".x").touch(), r"\.x: not a file of the release"),
    "link": (link, r"member1-fold0\.safetensors: not a regular file"),
    "pipe": (
        lambda release: ((release / "README.md").unlink(), os.mkfifo(release / "README.md")),
        r"README\.md: not a regular file",
    ),
    "edited list": (
        lambda release: (release / "release.json").write_text(
            (release / "release.json").read_text().replace("severstal", "sevrestal")
        ),
        r"release\.json: damaged, it was changed",
    ),
    "no list": (lambda release: (release / "release.json").write_text("[]"), r"not the list of a release"),
    "no JSON": (lambda release: (release / "release.json").write_text("{"), r"release\.json: not JSON"),
    "newer": (relist(lambda about: about.update(format=2)), r"format 2, and this version reads 1"),
    "text as format": (relist(lambda about: about.update(format="1")), r"not the list of a release"),
    "no files": (relist(lambda about: about.update(files={})), r"lists no files"),
    "no size": (
        relist(lambda about: about["files"]["model.json"].pop("bytes")),
        r"model\.json has no size or checksum",
    ),
    "parent": (name_outside("../member1.toml"), r"'\.\./member1\.toml' is not the name of a file"),
    "absolute": (name_outside("/etc/passwd"), r"'/etc/passwd' is not the name of a file"),
    "backslash": (name_outside("..\\member1.toml"), r"is not the name of a file"),
    "dots": (name_outside(".."), r"'\.\.' is not the name of a file"),
    "unlisted": (
        relist(lambda about: about["files"].pop("member1.toml")),
        r"member1\.toml: not a file of the release",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_release_is_refused_by_name(name: str, release: Path) -> None:
    damage, message = DAMAGES[name]
    severstal.load(release)
    damage(release)
    with pytest.raises(SeverstalError, match=message) as refused:
        severstal.load(release)
    assert "\n" not in str(refused.value)


def test_a_file_that_the_description_needs_is_named(release: Path) -> None:
    (release / "member1-fold1.safetensors").unlink()
    write_release_files(release)
    with pytest.raises(SeverstalError, match=r"the release has no 'member1-fold1\.safetensors'"):
        severstal.load(release)


def test_the_list_names_every_file(release: Path) -> None:
    listed = check_release_files(release).names
    assert listed == {path.name for path in release.iterdir()} - {"release.json"}
    assert {"model.json", "member1.toml", "member1-fold0.safetensors", "README.md"} <= listed
