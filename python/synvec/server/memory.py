"""Whether there is memory, asked before it is needed: then that there is none is one answer, a 503.

Native code that is refused memory ends its process, and a control group that is full has the kernel
end one. Both take all answers along that are under way.
"""

from __future__ import annotations

import mmap
import threading
import time

from synvec.preflight import available_memory, size

LOOK_SECONDS = 0.1
"""How long it is believed what the system said last: asking takes as long as half a request."""


class _Seen:
    """What the system said, and until when it is believed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._available: tuple[int, str] | None = None

    def available(self) -> tuple[int, str] | None:
        with self._lock:
            now = time.monotonic()
            if now >= self._until:
                self._available = available_memory()
                self._until = now + LOOK_SECONDS
            return self._available


_SEEN = _Seen()


def require(count: int) -> None:
    """Raise a MemoryError, with the numbers, unless so many bytes can be had now."""
    available = _SEEN.available()
    if available is not None and available[0] < count:
        raise MemoryError(f"{size(count)} are needed, {size(available[0])} left ({available[1]})")
    try:
        # Nothing is written to it: it takes no memory, but counts where addresses are limited.
        mmap.mmap(-1, count, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError as error:
        raise MemoryError(f"{size(count)} are needed: {error.strerror}") from None
