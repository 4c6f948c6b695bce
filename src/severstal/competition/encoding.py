"""Text files in whichever Unicode encoding a program saved them."""

import codecs


def text_encoding(head: bytes) -> str:
    """Return the encoding of a text by its first four bytes: UTF-16 or UTF-32 by their mark, else UTF-8.

    Example:
        >>> text_encoding("é".encode("utf-16")), text_encoding(b"ImageId")
        ('utf-16', 'utf-8-sig')
    """
    if head.startswith(
        (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
    ):  # before UTF-16, whose mark it begins with
        return "utf-32"
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def decode_text(data: bytes) -> str:
    r"""Decode UTF-8, with or without a byte-order mark, or UTF-16 and UTF-32 with one.

    PowerShell's `>` and Excel's "Unicode text" write UTF-16, which the byte-order mark identifies.

    Args:
        data: the file's bytes.

    Raises:
        UnicodeDecodeError: they are none of these; code pages are not guessed.

    Example:
        >>> [decode_text("é".encode(encoding)) for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32")]
        ['é', 'é', 'é', 'é']
    """
    return data.decode(text_encoding(data))
