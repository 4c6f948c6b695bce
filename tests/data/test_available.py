"""A picture is decoded only where its header can be true and the memory holds it."""

from pathlib import Path

import pytest

from severstal.data import available
from severstal.data.available import available_memory, check_memory
from severstal.errors import SeverstalError


def test_small_pictures_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available, "available_memory", lambda: 0)
    check_memory("a.png", 8192, 8192, 7, 1)


def test_an_empty_picture_as_well_packed_as_can_be_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available, "available_memory", lambda: 10**12)
    check_memory("a.png", 20_000, 20_000, 2, 50_000)  # PNG in black and white: 48.4 KB
    with pytest.raises(SeverstalError, match=r"a\.png: claims 20,000 x 20,000 pixels in 39,999 bytes"):
        check_memory("a.png", 20_000, 20_000, 2, 39_999)


def test_the_memory_is_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available, "available_memory", lambda: 800_000_000)
    check_memory("a.png", 20_000, 20_000, 2, 10**8)
    with pytest.raises(SeverstalError, match=r"take 1\.2 GB of memory, 0\.8 GB are free: close other"):
        check_memory("a.png", 20_000, 20_000, 3, 10**8)
    monkeypatch.setattr(available, "available_memory", lambda: None)
    check_memory("a.png", 20_000, 20_000, 3, 10**8)


@pytest.mark.parametrize(("limit", "free"), [("2000", 500), ("max", 3072), ("1000", 0)])
def test_a_container_has_less_than_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, free: int
) -> None:
    for name, text in (("meminfo", "MemTotal: 9 kB\nMemAvailable: 3 kB\n"), ("max", limit), ("now", "1500")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(available, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(available, "_LIMITS", ((tmp_path / "max", tmp_path / "now"),))
    assert available_memory() == free


def test_a_system_that_does_not_say_has_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(available, "_LIMITS", ())
    assert available_memory() is None
