"""The memory that a large picture may take: what is free, within the limits of a container."""

from pathlib import Path

from severstal.errors import SeverstalError

_MEMINFO = Path("/proc/meminfo")
_LIMITS = (  # what a container may use, and uses: control groups of version 2 and of version 1
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)
_SMALL = 1 << 26  # pixels up to which nothing is measured
_PIXELS_PER_BYTE = (
    10_000  # no format packs pictures so well; PNG packs an empty one of black and white to 8,256
)


def available_memory() -> int | None:
    """Return the bytes of memory that are free; None where the system does not say.

    Example:
        >>> available_memory() is None or available_memory() > 0
        True
    """
    free = []
    for line in _read(_MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            free.append(int(line.split()[1]) * 1024)
    for limit, used in _LIMITS:
        most, now = _read(limit).strip(), _read(used).strip()
        if most.isdecimal() and now.isdecimal():
            free.append(max(0, int(most) - int(now)))
    return min(free, default=None)


def check_memory(where: str, height: int, width: int, bytes_per_pixel: int, file_bytes: int) -> None:
    """Check, before a picture is decoded, that its header can be true and that it fits into memory.

    Pictures of up to 67,108,864 pixels (8,192 x 8,192) pass.

    Args:
        where: name of the file, for the message.
        height: height in pixels, as in the header.
        width: width in pixels, as in the header.
        bytes_per_pixel: memory that decoding takes at most.
        file_bytes: size of the file.

    Raises:
        SeverstalError: the file is far too small for so many pixels, or these do not fit into memory.

    Example:
        >>> check_memory("a.png", 256, 1600, 2, 100_000)
        >>> check_memory("a.png", 20_000, 20_000, 2, 100)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.png: claims 20,000 x 20,000 pixels in 100 bytes: damaged, or ...
    """
    pixels = height * width
    if pixels <= _SMALL:
        return
    if pixels > file_bytes * _PIXELS_PER_BYTE:
        raise SeverstalError(
            f"{where}: claims {height:,} x {width:,} pixels in {file_bytes:,} bytes: damaged, or made to "
            "fill the memory: replace the file"
        )
    need, free = pixels * bytes_per_pixel, available_memory()
    if free is not None and need > free:
        raise SeverstalError(
            f"{where}: {height:,} x {width:,} pixels take {need / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB "
            "are free: close other programs, or cut the picture into parts"
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
