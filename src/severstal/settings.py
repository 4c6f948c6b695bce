"""Settings from outside: a TOML table becomes a frozen dataclass, or an error that names the repair."""

import logging
import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, field, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from severstal.errors import SeverstalError, shown, unknown

Settings = TypeVar("Settings")

_TOML_BYTES = 1 << 20  # the longest recipe that comes with the project takes 3 KB
_DEEPEST = 16  # tables within tables; a recipe has four

logger = logging.getLogger("severstal")


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file of any origin: at most 1 MiB, nested at most 16 deep, with 64-bit whole numbers.

    Raises:
        FileNotFoundError: the file is missing.
        SeverstalError: the file cannot be read, is not TOML or exceeds a bound.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.toml"
        >>> _ = path.write_text("name = 'tiles'")
        >>> read_toml(path)
        {'name': 'tiles'}
    """
    path = Path(path)
    try:
        if path.stat().st_size > _TOML_BYTES:
            raise SeverstalError(f"{path}: larger than {_TOML_BYTES >> 20} MiB: this is no file of settings")
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SeverstalError(f"{path}: cannot be read ({error.strerror}): name a TOML file") from error
    except RecursionError:
        raise SeverstalError(f"{path}: nested more than {_DEEPEST} deep: take tables or lists out") from None
    except ValueError as error:  # of the syntax, the encoding, or a number of thousands of digits
        raise SeverstalError(f"{path}: not TOML ({error}): correct that line") from error
    _check_bounds(table, path)
    return table


def _check_bounds(table: dict[str, Any], path: Path) -> None:
    left: list[tuple[Any, int]] = [(table, 0)]
    while left:  # not by recursion, which has bounds of its own
        value, depth = left.pop()
        if depth > _DEEPEST:
            raise SeverstalError(f"{path}: nested more than {_DEEPEST} deep: take tables or lists out")
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            raise SeverstalError(f"{path}: {shown(value)} has more than 64 bits: give a smaller number")
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        left.extend((item, depth + 1) for item in inner)


def within(default: Any, low: float, high: float) -> Any:
    """Return a dataclass field with a default and the inclusive range of its values.

    The range of a tuple holds for each of its items.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Oven:
        ...     degrees: int = within(180, 50, 300)
        >>> Oven().degrees
        180
    """
    return field(default=default, metadata={"range": (low, high)})


def renamed(default: Any, old: str) -> Any:
    """Return a dataclass field with a default and an earlier name, which is still read.

    The default may be one with a range, as `within` gives it.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Oven:
        ...     heat: int = renamed(180, "warmth")
        >>> build(Oven, {"warmth": 200}, "oven.toml")
        Oven(heat=200)
    """
    if isinstance(default, Field):
        return field(default=default.default, metadata={**default.metadata, "renamed": old})
    return field(default=default, metadata={"renamed": old})


def build(cls: type[Settings], table: Mapping[str, Any], source: str) -> Settings:
    """Build a frozen dataclass, possibly nested, from a TOML table.

    Keys under an earlier name are read, and one warning names them all.

    Args:
        cls: the dataclass; its type hints and the ranges given by `within` are what is checked.
        table: keys and values; what is not named keeps its default.
        source: the file, for the error message.

    Raises:
        SeverstalError: a key is unknown (the nearest known one is named), or its value is of another type or
            outside its range.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Oven:
        ...     degrees: int = within(180, 50, 300)
        >>> build(Oven, {"degrees": 200}, "oven.toml")
        Oven(degrees=200)
        >>> build(Oven, {"degree": 200}, "oven.toml")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: oven.toml: key 'degree' is unknown: ... 'degrees'
    """
    earlier: dict[str, str] = {}
    settings = _build(cls, table, source, "", earlier)
    if earlier:
        names = ", ".join(f"{old} is now {new}" for old, new in earlier.items())
        logger.warning("%s: keys under their earlier names: %s", source, names)
    return settings


def _build(
    cls: type[Settings], table: Mapping[str, Any], source: str, prefix: str, earlier: dict[str, str]
) -> Settings:
    """Build one table; `earlier` collects the keys under an earlier name, with their present ones."""
    known = {item.name: item for item in fields(cls)}
    hints = get_type_hints(cls)
    values = {}
    before = {item.metadata["renamed"]: item.name for item in fields(cls) if "renamed" in item.metadata}
    for key, value in table.items():
        label = prefix + key
        if key in before:
            if before[key] in table:
                raise SeverstalError(
                    f"{source}: {label} is an earlier name of {prefix}{before[key]}: leave {label} out"
                )
            key = before[key]
            earlier[_without_places(label)] = key
        if key not in known:
            raise unknown(f"{source}: key", label, [prefix + name for name in known])
        inner = get_args(hints[key])
        if len(inner) == 2 and inner[1] is Ellipsis and is_dataclass(inner[0]):
            if not isinstance(value, list):
                raise SeverstalError(f"{source}: {label} is {shown(value)}: make it tables, [[{label}]]")
            values[key] = tuple(
                _table(inner[0], item, source, f"{label}[{place}]", earlier)
                for place, item in enumerate(value)
            )
        elif is_dataclass(hints[key]):
            values[key] = _table(hints[key], value, source, label, earlier)
        elif value == [] and known[key].default == ():
            values[key] = ()
        else:
            values[key] = _fit(value, hints[key], source, label)
            _check_range(values[key], known[key].metadata.get("range"), source, label)
    return cls(**values)


def _table(cls: type[Settings], value: Any, source: str, label: str, earlier: dict[str, str]) -> Settings:
    if not isinstance(value, Mapping):
        raise SeverstalError(f"{source}: {label} is {shown(value)}: make it a table, [{label}]")
    return _build(cls, value, source, label + ".", earlier)


def _without_places(label: str) -> str:
    """A key as written in a file: the same for each table of a list."""
    return re.sub(r"\[\d+\]", "", label)


def _fit(value: Any, hint: Any, source: str, label: str) -> Any:
    """Check a TOML value against a type hint, and turn lists into tuples and whole numbers into floats."""
    if get_origin(hint) in (UnionType, Union):  # X | None: TOML has no None, so it can only be X
        kinds = get_args(hint)
        lists = [kind for kind in kinds if get_origin(kind) is tuple]  # X | tuple[X, ...]
        return _fit(value, lists[0] if lists and isinstance(value, list) else kinds[0], source, label)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        if value in arguments:
            return value
        raise SeverstalError(
            f"{source}: {label} is {shown(value)}: take one of {', '.join(map(repr, arguments))}"
        )
    if origin is tuple and isinstance(value, list):
        if arguments[-1] is Ellipsis:
            if value:
                return tuple(_fit(item, arguments[0], source, label) for item in value)
        elif len(value) == len(arguments):
            return tuple(_fit(item, kind, source, label) for item, kind in zip(value, arguments, strict=True))
        raise SeverstalError(f"{source}: {label} is {shown(value)}: give {_amount(arguments)}")
    if hint is float and type(value) is int:
        return float(value)
    kind = Mapping if origin is not None and issubclass(origin, Mapping) else hint
    if origin is tuple or not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise SeverstalError(f"{source}: {label} is {shown(value)}: give {_word(kind, origin)}")
    if kind is Mapping and arguments[1] is float:
        return {key: _fit(item, float, source, f"{label}.{key}") for key, item in value.items()}
    return value


def _amount(arguments: tuple) -> str:
    return "one or more" if arguments[-1] is Ellipsis else f"a list of {len(arguments)}"


def _word(kind: Any, origin: Any) -> str:
    if origin is tuple:
        return "a list, as [256, 512]"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(kind, "a table")


def _check_range(value: Any, bounds: tuple[float, float] | None, source: str, label: str) -> None:
    if bounds is None:
        return
    low, high = bounds
    for item in value if isinstance(value, tuple) else (value,):
        if not low <= item <= high:  # also false for nan
            raise SeverstalError(f"{source}: {label} is {shown(value)}: give {low:g} to {high:g}")
