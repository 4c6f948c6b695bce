"""Pictures are read once each, faults are kept by name, and the masks of an image are laid on it together."""

from pathlib import Path

import numpy as np
import pytest

from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.doctor import pictures as look
from severstal.doctor.table import Table
from severstal.errors import SeverstalError

SPEC = Spec("small", (64, 96), ("a", "b"))


def read(path: Path, spec: Spec) -> np.ndarray:
    if path.stem.startswith("bad"):
        raise SeverstalError(f"{path}: damaged or cut short (at byte {path.stem[3:]}): replace the file")
    return np.full(spec.image_shape, 100, np.uint8)


def test_faults_and_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    masks, seen = np.zeros((2, *SPEC.image_shape), np.uint8), []
    masks[0, 3:20, 5:30], masks[1, 40:60, 50:90] = 1, 1
    cells = [["a.png", "1", encode(masks[0])], ["a.png", "2", encode(masks[1])], ["gone.png", "1", "1 9"]]
    table = Table(Path("a.csv"), ("ImageId", "ClassId", "EncodedPixels"), cells, "today", SPEC)
    monkeypatch.setattr(look, "match_mask", lambda picture, mask: seen.append(mask) or np.zeros(4))
    found = look.read_pictures(Path("x"), ["a.png", "bad1.png", "bad2.png", "clean.png"], SPEC, read, table)
    assert found.faults["bad1.png"] == "damaged or cut short (at byte 1): replace the file"
    assert len(found.matches) == 1
    np.testing.assert_array_equal(seen[0], masks.max(axis=0))
    (finding,) = look.group_pictures(Path("x"), found.faults)
    assert (finding.count, finding.place) == (2, "x")
    assert finding.repair == "replace the file"


def test_only_some_pictures_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "MASKS_COMPARED", 10)
    cells = [[f"{k:03}.png", "1", "70 30 134 30 198 30"] for k in range(45)]
    table = Table(Path("a.csv"), ("ImageId", "ClassId", "EncodedPixels"), cells, "today", SPEC)
    names = [row[0] for row in cells]
    assert 5 <= len(look.read_pictures(Path("x"), names, SPEC, read, table).matches) <= 10
