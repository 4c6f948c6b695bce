"""Text on pictures: badges beside defects and lines of a legend."""

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from severstal.errors import printable

Colour = tuple[int, int, int]


@lru_cache(maxsize=16)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font, which needs no file of the system; `size` in pixels."""
    return ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def text_width(text: str, size: int) -> int:
    """Width of a line of text in pixels.

    Example:
        >>> text_width("", 13)
        0
    """
    return round(font(size).getlength(text))


def drawable(text: str) -> str:
    r"""A text as the font can show it: what lies beyond Latin letters as its escape.

    Example:
        >>> drawable("Kratzer ä"), drawable("\u75d5")
        ('Kratzer ä', '\\u75d5')
    """
    text = printable(text).replace("\n", " ").replace("\t", " ")
    return "".join(one if ord(one) < 0x180 else ascii(one)[1:-1] for one in text)


def ink_on(background: Colour) -> Colour:
    """Black or white, whichever has the higher contrast with a colour.

    Example:
        >>> ink_on((230, 159, 0)), ink_on((0, 114, 178))
        ((0, 0, 0), (255, 255, 255))
    """
    red, green, blue = background
    # Luma of ITU-R BT.601; slightly below a half both have the same contrast.
    return (0, 0, 0) if 0.299 * red + 0.587 * green + 0.114 * blue > 110 else (255, 255, 255)


def draw_badge(canvas: Image.Image, left: int, top: int, text: str, size: int, background: Colour) -> None:
    """Draw a line of text on a filled box; `badge_size` says how large it is."""
    canvas.paste(_badge(text, size, background), (left, top))


@lru_cache(maxsize=1024)  # of many pictures, most have the same legend
def _badge(text: str, size: int, background: Colour) -> Image.Image:
    badge = Image.new("RGB", badge_size(text, size), background)
    pen, (width, height) = ImageDraw.Draw(badge), badge.size
    pen.rectangle((0, 0, width - 1, height - 1), outline=(0, 0, 0))
    pen.text((size // 4, height // 2), text, fill=ink_on(background), font=font(size), anchor="lm")
    return badge


def badge_size(text: str, size: int) -> tuple[int, int]:
    """Width and height of a badge in pixels.

    Example:
        >>> badge_size("", 12)
        (6, 17)
    """
    return text_width(text, size) + 2 * (size // 4), size + size // 3 + 1
