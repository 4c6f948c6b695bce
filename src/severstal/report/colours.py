"""One colour per class, without matplotlib."""

# Seven from Okabe and Ito, "Color Universal Design" (2008), without the eighth, black, which is invisible on
# dark steel; then Paul Tol's purple and his eight "light" ones, which contrast with dark steel and with white
# paper. Sixteen colours cannot be told apart by everyone, nor in greyscale, so that none is the only cue:
# bars have names, contours their ClassId, lines a marker.
COLOURS = (
    *("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#F0E442", "#D55E00", "#0072B2", "#AA4499"),
    *("#AAAA00", "#77AADD", "#EE8866", "#44BB99", "#FFAABB", "#BBCC33", "#99DDFF", "#EEDD88"),
)


def colour(class_id: int) -> str:
    """The colour of a class in every figure, as `#RRGGBB`.

    Example:
        >>> colour(1)
        '#E69F00'
    """
    return COLOURS[(class_id - 1) % len(COLOURS)]


def rgb(class_id: int) -> tuple[int, int, int]:
    """The colour of a class as red, green, blue in 0..255.

    Example:
        >>> rgb(1)
        (230, 159, 0)
    """
    red, green, blue = bytes.fromhex(colour(class_id)[1:])
    return red, green, blue
