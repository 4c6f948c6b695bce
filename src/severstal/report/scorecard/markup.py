"""Text of any origin in a page of HTML or SVG."""

from html import escape

from severstal.errors import printable


def escape_html(text: str) -> str:
    r"""Escape markup and control characters, which no page may hold.

    Example:
        >>> escape_html("<hole> & \x00\x1b")
        '&lt;hole&gt; &amp; \\x00\\x1b'
    """
    return escape(printable(text))
