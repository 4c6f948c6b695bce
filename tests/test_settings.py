"""Settings from TOML: every invalid value ends in one line with the repair."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from severstal.errors import SeverstalError
from severstal.settings import build, read_toml, renamed, within


@dataclass(frozen=True)
class Rack:
    levels: int = within(2, 1, 5)


@dataclass(frozen=True)
class Oven:
    degrees: float = within(180.0, 50, 300)
    mode: Literal["fan", "grill"] = "fan"
    fan: bool = True
    size: tuple[int, int] = within((40, 60), 1, 100)
    programs: tuple[Literal["bread", "cake"], ...] = ("bread",)
    weights: Mapping[str, float] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    rack: Rack = Rack()


def test_what_is_not_named_keeps_its_default() -> None:
    assert build(Oven, {"rack": {"levels": 3}}, "a.toml") == Oven(rack=Rack(3))


def test_whole_numbers_become_floats_and_lists_tuples() -> None:
    oven = build(Oven, {"degrees": 200, "size": [10, 20], "weights": {"a": 1}, "extra": {"b": [1]}}, "a.toml")
    assert oven == Oven(degrees=200.0, size=(10, 20), weights={"a": 1.0}, extra={"b": [1]})
    assert type(oven.degrees) is float
    assert type(oven.weights["a"]) is float


@pytest.mark.parametrize("degrees", [50, 300])
def test_bounds_are_inclusive(degrees: int) -> None:
    assert build(Oven, {"degrees": degrees}, "a.toml").degrees == degrees


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"degree": 1}, "key 'degree' is unknown: the nearest known one is 'degrees'"),
        ({"rack": {"level": 1}}, "key 'rack.level' is unknown: the nearest known one is 'rack.levels'"),
        ({"degrees": 49.9}, "degrees is 49.9: give 50 to 300"),
        ({"degrees": float("nan")}, "degrees is nan: give 50 to 300"),
        ({"degrees": "hot"}, "degrees is 'hot': give a number"),
        ({"degrees": True}, "degrees is True: give a number"),
        ({"fan": 1}, "fan is 1: give true or false"),
        ({"mode": "off"}, "mode is 'off': take one of 'fan', 'grill'"),
        ({"size": [1]}, "size is [1]: give a list of 2"),
        ({"size": [1, 101]}, "size is (1, 101): give 1 to 100"),
        ({"size": [1, 2.5]}, "size is 2.5: give a whole number"),
        ({"size": 3}, "size is 3: give a list, as [256, 512]"),
        ({"programs": []}, "programs is []: give one or more"),
        ({"programs": ["soup"]}, "programs is 'soup': take one of 'bread', 'cake'"),
        ({"weights": {"a": "b"}}, "weights.a is 'b': give a number"),
        ({"weights": 3}, "weights is 3: give a table"),
        ({"rack": 3}, "rack is 3: make it a table, [rack]"),
        ({"rack": {"levels": True}}, "rack.levels is True: give a whole number"),
    ],
)
def test_wrong_settings_are_named(table: dict, message: str) -> None:
    with pytest.raises(SeverstalError) as caught:
        build(Oven, table, "a.toml")
    assert str(caught.value) == f"a.toml: {message}"


@dataclass(frozen=True)
class Shelf:
    name: str = ""
    width: int | None = within(None, 10, 90)
    bars: tuple[int, int] | None = within(None, 1, 9)
    oven: Oven = Oven()


@dataclass(frozen=True)
class Kitchen:
    shelves: tuple[Shelf, ...] = ()
    parts: "tuple[Kitchen, ...]" = ()


def test_what_may_be_left_out_is_none() -> None:
    assert build(Shelf, {}, "a.toml") == Shelf(width=None, bars=None)
    assert build(Shelf, {"width": 10, "bars": [1, 2]}, "a.toml") == Shelf(width=10, bars=(1, 2))


def test_a_list_of_tables_becomes_a_tuple() -> None:
    table = {"shelves": [{"name": "low"}, {"width": 20, "oven": {"degrees": 60}}]}
    assert build(Kitchen, table, "a.toml").shelves == (Shelf("low"), Shelf(width=20, oven=Oven(degrees=60.0)))
    assert build(Kitchen, {"shelves": []}, "a.toml") == Kitchen()
    assert build(Kitchen, {"parts": [table]}, "a.toml").parts[0].shelves[0].name == "low"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"shelves": [{}, {"bars": [1]}]}, "shelves[1].bars is [1]: give a list of 2"),
        ({"shelves": [{}, {"bars": [0, 1]}]}, "shelves[1].bars is (0, 1): give 1 to 9"),
        ({"shelves": [{"width": "wide"}]}, "shelves[0].width is 'wide': give a whole number"),
        ({"shelves": [{"width": 9}]}, "shelves[0].width is 9: give 10 to 90"),
        (
            {"shelves": [{"wide": 9}]},
            "key 'shelves[0].wide' is unknown: the nearest known one is 'shelves[0].width'",
        ),
        ({"shelves": [{"oven": {"degrees": 0}}]}, "shelves[0].oven.degrees is 0.0: give 50 to 300"),
        ({"shelves": [3]}, "shelves[0] is 3: make it a table, [shelves[0]]"),
        ({"shelves": {"name": "low"}}, "shelves is {'name': 'low'}: make it tables, [[shelves]]"),
        ({"shelves": 3}, "shelves is 3: make it tables, [[shelves]]"),
    ],
)
def test_wrong_settings_in_lists_of_tables_are_named(table: dict, message: str) -> None:
    with pytest.raises(SeverstalError) as caught:
        build(Kitchen, table, "a.toml")
    assert str(caught.value) == f"a.toml: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = " + "[" * 5_000 + "]" * 5_000, "nested more than 16 deep: take tables or lists out"),
        ("a = " + "{b=" * 5_000 + "1" + "}" * 5_000, "nested more than 16 deep: take tables or lists out"),
        (".".join("a" * 5_000) + " = 1", "nested more than 16 deep: take tables or lists out"),
        ("[" + ".".join("a" * 17) + "]", "nested more than 16 deep: take tables or lists out"),
        ("a = " + "9" * 5_000, "not TOML (Exceeds the limit"),
        ("a = " + "9" * 4_000, "has more than 64 bits: give a smaller number"),
        ("a = 9223372036854775808", "9223372036854775808 has more than 64 bits: give a smaller number"),
        ("a = -9223372036854775809", "-9223372036854775809 has more than 64 bits: give a smaller number"),
        ("#" * (1 << 20) + "#", "larger than 1 MiB: this is no file of settings"),
    ],
)
def test_toml_out_of_bounds_is_one_short_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(SeverstalError) as caught:
        read_toml(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 200


def test_toml_within_bounds_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("\ufeff[" + ".".join("a" * 15) + "]\nb = 9223372036854775807\nc = -9223372036854775808")
    value = read_toml(path)
    for _ in range(15):
        value = value["a"]
    assert value == {"b": (1 << 63) - 1, "c": -(1 << 63)}
    with pytest.raises(FileNotFoundError):
        read_toml(tmp_path / "absent.toml")
    with pytest.raises(SeverstalError, match=r": cannot be read \(Is a directory\): name a TOML file"):
        read_toml(tmp_path)


def test_a_wrong_value_is_cut_in_the_message() -> None:
    for value in ("x" * 100_000, list(range(100_000)), {str(k): k for k in range(100_000)}):
        with pytest.raises(SeverstalError) as caught:
            build(Oven, {"degrees": value}, "a.toml")
        assert len(str(caught.value)) < 300


@dataclass(frozen=True)
class Stove:
    heat: int = renamed(within(3, 1, 9), "warmth")
    gas: bool = renamed(False, "flame")


@dataclass(frozen=True)
class Flat:
    stove: Stove = Stove()
    stoves: tuple[Stove, ...] = ()


def test_earlier_names_are_read_and_one_line_names_them_all(caplog: pytest.LogCaptureFixture) -> None:
    table = {"stove": {"warmth": 5, "flame": True}, "stoves": [{"warmth": 2}, {"warmth": 4}]}
    assert build(Flat, table, "a.toml") == Flat(Stove(5, True), (Stove(2), Stove(4)))
    assert caplog.messages == [
        "a.toml: keys under their earlier names: stove.warmth is now heat, stove.flame is now gas, "
        "stoves.warmth is now heat"
    ]


def test_present_names_are_read_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    assert build(Flat, {"stove": {"heat": 5}}, "a.toml") == Flat(Stove(5))
    assert not caplog.messages


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"warmth": 10}, "warmth is 10: give 1 to 9"),
        ({"warmth": 5, "heat": 5}, "warmth is an earlier name of heat: leave warmth out"),
    ],
)
def test_wrong_settings_under_earlier_names(table: dict, message: str) -> None:
    with pytest.raises(SeverstalError, match=f"^a.toml: {message}$"):
        build(Stove, table, "a.toml")


@dataclass(frozen=True)
class _Light:
    mean: float | tuple[float, float, float] = within(0.5, 0.0, 1.0)


def test_one_number_or_three() -> None:
    assert build(_Light, {"mean": 1}, "a.toml") == _Light(1.0)
    assert build(_Light, {"mean": [0, 0.5, 1]}, "a.toml") == _Light((0.0, 0.5, 1.0))
    for value, said in (
        ([0.1, 0.2], "give a list of 3"),
        ([0.1, 0.2, 1.2], "give 0 to 1"),
        ("grey", "give a number"),
        ([0.1, "grey", 0.2], "give a number"),
    ):
        with pytest.raises(SeverstalError, match=f"a.toml: mean is .*: {said}"):
            build(_Light, {"mean": value}, "a.toml")
