"""Names of classes in tables, in figures and on the terminal."""

from severstal.competition.spec import Spec

_LENGTH = 32  # letters of a class's name that figures have room for


def truncate(text: str, length: int) -> str:
    """The text itself or, where it has more characters than fit, its beginning and an ellipsis.

    Example:
        >>> truncate("a short one", 20), truncate("one that is too long", 10)
        ('a short one', 'one that …')
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def class_label(spec: Spec, class_id: int) -> str:
    """The name of a class with its `ClassId`, unless it ends in it already; at most 32 characters.

    Example:
        >>> class_label(Spec("tiles", (8, 8), ("class 1", "crack")), 1)
        'class 1'
        >>> class_label(Spec("tiles", (8, 8), ("class 1", "crack")), 2)
        '2 crack'
    """
    name = spec.classes[class_id - 1]
    if len(name) <= _LENGTH and name.split()[-1:] == [str(class_id)]:
        return name
    return truncate(f"{class_id} {name}", _LENGTH)


def class_labels(spec: Spec) -> list[str]:
    """The label of every class, in the order of their `ClassId`.

    Example:
        >>> class_labels(Spec("tiles", (8, 8), ("blowhole", "crack")))
        ['1 blowhole', '2 crack']
    """
    return [class_label(spec, k) for k in spec.class_ids]
