"""Names of folders, made from the name of an input folder."""

import hashlib
import re
import unicodedata

_MOST_BYTES = 100  # two of them and a few more letters still fit the 255 bytes that file systems allow
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # on Windows, with any ending


def plain_name(text: str) -> str:
    """Make the name of a folder from any text.

    Letters and digits of every script, `.`, `-` and `_` stay; a stretch of anything else becomes one `-`.
    What is then empty or has to be cut gets eight hexadecimal digits of the text's SHA-256, so that unlike
    texts keep unlike names; a name that Windows reserves gets a `_` before it.

    Args:
        text: any text, such as the name of an input folder.

    Returns:
        A name of 1 to 100 bytes of UTF-8, in Unicode's composed form (NFC), that `PLAIN_NAME` matches and
        that begins neither with `.` nor with `-`. A text that is such a name already is returned as it is.

    Example:
        >>> plain_name("my data"), plain_name("données (2024)"), plain_name("钢板"), plain_name("???")
        ('my-data', 'données-2024', '钢板', 'a03b221c')
    """
    text = unicodedata.normalize("NFC", text)
    name = re.sub(r"[^\w.-]+", "-", text)
    if name != text:
        name = name.strip("-")
    name = name.lstrip(".-").rstrip(".")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    if name and len(name.encode()) <= _MOST_BYTES:
        return name
    digits = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    kept = name.encode()[: _MOST_BYTES - 9].decode("utf-8", "ignore")
    return f"{kept}-{digits}" if kept else digits
