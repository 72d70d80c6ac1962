"""What reading and training need, looked at before they begin: room on the disk, and memory."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

MEMORY_CHECK = "SYNVEC_MEMORY_CHECK"
"""The environment variable that switches the look at memory off: ``off``."""

_CGROUPS = Path("/sys/fs/cgroup")
_CGROUPS_OF_PROCESS = Path("/proc/self/cgroup")


def check_space(path: str, needed: int, what: str) -> None:
    """Raise an OSError when the disk of a folder has not ``needed`` bytes left."""
    free = shutil.disk_usage(path).free
    if free < needed:
        raise OSError(
            28, f"the disk has {size(free)} left, {what} need {size(needed)}; make room", path
        )


def check_memory(needed: dict[str, int], job: str, remedy: str) -> None:
    """Raise a MemoryError when there is less memory than a job is going to use.

    Parameters
    ----------
    needed
        What takes how many bytes.
    job, remedy
        What needs them, and what would make it need fewer.

    Raises
    ------
    MemoryError
        With the numbers. ``SYNVEC_MEMORY_CHECK=off`` lets it try.
    """
    available = available_memory()
    total = sum(needed.values())
    if available is None or total <= available[0] or os.environ.get(MEMORY_CHECK) == "off":
        return
    parts = ", ".join(f"{name} {size(count)}" for name, count in needed.items())
    raise MemoryError(
        f"{job} needs {size(total)} of memory ({parts}), {size(available[0])} are available "
        f"({available[1]}); {remedy}, or set {MEMORY_CHECK}=off to try all the same"
    )


_BYTES_OF_WORD = 8
_DISTINCT = 25
_BYTES_OF_DISTINCT = 150
"""A text has one word in so many bytes at the least, of N words some 25 √N distinct ones (Heaps'
law: text8 with 17 million words has 62 √N, fil9 with 124 million 75 √N), and each of those takes so
many bytes in the tables of a scan. All of it is on the low side: a text that could have been read
must not be refused."""


def check_memory_of_reading(files: Iterable[str], spool_bytes: int) -> None:
    """Raise a MemoryError when reading texts takes more memory than there is.

    What it takes is estimated from the sizes of those that are regular files, compressed ones as if
    they were not; of all else nothing is known before.
    """
    count = sum(Path(file).stat().st_size for file in files if Path(file).is_file())
    words = count // _BYTES_OF_WORD
    distinct = round(_DISTINCT * math.sqrt(words))
    # Once as they were read, and once in the numbers of the vocabulary.
    ids = 2 * min(4 * words, spool_bytes)
    check_memory(
        {"ids": ids, "distinct words": distinct * _BYTES_OF_DISTINCT},
        f"reading {size(count)} of text",
        "use less spool_bytes, which keeps the ids in a temporary file",
    )


def available_memory() -> tuple[int, str] | None:
    """Return how many bytes this process may still take, and who says so; None if nobody does.

    On Linux: what the kernel holds to be available, or less where a control group or the limit on
    addresses (``ulimit -v``) says so.
    """
    found = [one for one in (_of_system(), _of_cgroup(), _of_addresses()) if one is not None]
    return min(found, default=None)


def _of_system() -> tuple[int, str] | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024, "MemAvailable of the system"
    return None


def _of_cgroup() -> tuple[int, str] | None:
    """The least that is left in the group of this process and in those around it."""
    try:
        entries = _CGROUPS_OF_PROCESS.read_text().splitlines()
    except OSError:
        return None
    left = []
    for entry in entries:
        number, controllers, group = entry.split(":", 2)
        if number == "0":
            root, limit, used = _CGROUPS, "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root, limit = _CGROUPS / "memory", "memory.limit_in_bytes"
            used = "memory.usage_in_bytes"
        else:
            continue
        place = root / group.lstrip("/")
        for folder in (place, *place.parents):
            if folder == root.parent:
                break
            bytes_left = _left(folder, limit, used)
            if bytes_left is not None:
                left.append(bytes_left)
    return (min(left), "limit of the control group") if left else None


def _of_addresses() -> tuple[int, str] | None:
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return None
    if limit == resource.RLIM_INFINITY:
        return None
    return max(0, limit - taken), "limit on addresses, ulimit -v"


def _left(folder: Path, limit: str, used: str) -> int | None:
    try:
        most, taken = (folder / limit).read_text().strip(), (folder / used).read_text()
        if most == "max":
            return None
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    # Pages of files are given back when memory is short, those that are in use last of all.
    kinds = ("inactive_file", "active_file")
    cached = sum(int(stat.get(f"total_{kind}", stat.get(kind, 0))) for kind in kinds)
    return max(0, int(most) - int(taken) + cached)


def size(count: float) -> str:
    """Return a number of bytes as people say it.

    Examples
    --------
    >>> size(34_500_000)
    '34.5 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
