"""The identity of a recipe: its settings that differ from the defaults.

The keys of a run's stages are made of these, together with `MEANING`. A new setting with a default then
changes the key of no earlier run, and a setting that was renamed compares equal under both names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from severstal.recipe.recipe import Recipe, to_plain

MEANING = 1
"""Version of what the settings mean: to be raised when a default or the effect of a setting changes."""

_Table = Mapping[str, Any]


def differing(settings: _Table, cls: type = Recipe) -> dict[str, Any]:
    """The settings that differ from the defaults.

    Args:
        settings: `Recipe.to_dict()` or some of its tables, also as an earlier edition recorded them.
        cls: the settings class that the keys belong to.

    Returns:
        Plain JSON values under the present names of the keys. A table that holds defaults alone is left out;
        in `phases` and `members` it becomes an empty table, which keeps its place. Keys that `cls` does not
        know are kept as they are.

    Example:
        >>> differing({"seed": 0, "training": {"epochs": 3, "clip": 0.0}, "decision": {"crf": 0}})
        {'training': {'epochs': 3}}
        >>> differing({"phases": [{"start": 0.0, "frozen_encoder": True}, {"start": 0.5}]})
        {'phases': [{'frozen_encoder': True}, {'start': 0.5}]}
        >>> differing({"ensemble": {"sense": "rank"}})  # the earlier name of mode
        {'ensemble': {'mode': 'rank'}}
    """
    hints, default = get_type_hints(cls), cls()
    names = {item.metadata["renamed"]: item.name for item in fields(cls) if "renamed" in item.metadata}
    found = {}
    for key, value in settings.items():
        key = names.get(key, key)
        if key not in hints:
            found[key] = value
        elif is_dataclass(hints[key]):
            if table := differing(value, hints[key]):
                found[key] = table
        elif (item := _item_class(hints[key], cls)) is not None:
            if value:
                found[key] = [differing(each, item) for each in value]
        elif to_plain(value) != to_plain(getattr(default, key)):
            found[key] = to_plain(value)
    return found


def describe_differences(now: _Table, before: _Table, cls: type = Recipe) -> list[str]:
    """Describe in words which settings differ between two recipes, for an error.

    Args:
        now: settings of the one recipe that differ from the defaults, as `differing` returns them.
        before: settings of the other.
        cls: the settings class that the keys belong to.

    Returns:
        A phrase for each key, in the order of the keys; a key that only one of the two names has its default
        in the other.

    Example:
        >>> describe_differences({"training": {"epochs": 3}}, {"training": {"epochs": 2}, "seed": 1})
        ['training.epochs is 3 and was 2', 'seed is 0 and was 1']
        >>> describe_differences({"phases": [{"start": 0.5, "batch_size": 4}]}, {})
        ['phases[0].start is 0.5 and was not set', 'phases[0].batch_size is 4 and was not set']
    """
    ours, theirs = (dict(_leaves(differing(each, cls), cls)) for each in (now, before))
    return [
        f"{key} is {_word(key, ours, cls)} and was {_word(key, theirs, cls)}"
        for key in dict.fromkeys([*ours, *theirs])
        if ours.get(key, _default(key, cls)) != theirs.get(key, _default(key, cls))
    ]


def _item_class(hint: Any, cls: type) -> type | None:
    """The settings class of the items of a list of tables; None for any other setting."""
    inner = get_args(hint)
    if len(inner) == 2 and inner[1] is Ellipsis and is_dataclass(inner[0]):
        # `members` of a recipe, under whatever class stands in for it
        return cls if inner[0] is Recipe else inner[0]
    return None


def _leaves(settings: _Table, cls: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting that differs from its default, by its dotted key."""
    hints = get_type_hints(cls)
    for key, value in differing(settings, cls).items():
        hint = hints.get(key)
        if is_dataclass(hint):
            yield from _leaves(value, hint, f"{prefix}{key}.")
        elif (item := _item_class(hint, cls)) is not None:
            for place, table in enumerate(value):
                yield from _leaves(table, item, f"{prefix}{key}[{place}].")
                if not table:
                    yield f"{prefix}{key}[{place}]", {}
        else:
            yield prefix + key, value


def _default(key: str, cls: type) -> Any:
    """The default of a setting by its dotted key; None where it has none, as in a phase that is not there."""
    value: Any = cls()
    for name in key.split("."):
        value = getattr(value, name, None)
    return to_plain(value)


def _word(key: str, leaves: _Table, cls: type) -> str:
    value = leaves.get(key, _default(key, cls))
    return "not set" if value is None else repr(value)
