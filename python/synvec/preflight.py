"""What training needs, looked at before it begins: room on the disk, and memory."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MEMORY_CHECK = "SYNVEC_MEMORY_CHECK"
"""The environment variable that switches the look at memory off: ``off``."""

_CGROUPS = Path("/sys/fs/cgroup")


def check_space(path: str, needed: int, what: str) -> None:
    """Raise an OSError when the disk of a folder has not ``needed`` bytes left."""
    free = shutil.disk_usage(path).free
    if free < needed:
        raise OSError(
            28, f"the disk has {size(free)} left, {what} need {size(needed)}; make room", path
        )


def check_memory(needed: dict[str, int]) -> None:
    """Raise a MemoryError when there is less memory than training is going to use.

    Parameters
    ----------
    needed
        What takes how many bytes.

    Raises
    ------
    MemoryError
        With the numbers. ``SYNVEC_MEMORY_CHECK=off`` lets training try.
    """
    available = available_memory()
    total = sum(needed.values())
    if available is None or total <= available[0] or os.environ.get(MEMORY_CHECK) == "off":
        return
    parts = ", ".join(f"{name} {size(count)}" for name, count in needed.items())
    raise MemoryError(
        f"training needs {size(total)} of memory ({parts}), {size(available[0])} are available "
        f"({available[1]}); use a smaller vector_size or a larger min_count, or set "
        f"{MEMORY_CHECK}=off to try all the same"
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
        entries = Path("/proc/self/cgroup").read_text().splitlines()
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
    # Pages of files that nobody has used lately are given back when memory is short.
    cached = int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
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
