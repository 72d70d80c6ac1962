"""Vectors over HTTP: ``synvec serve``, and the application for a server of one's own.

The way of a request: ``protocol`` (bytes, deadlines) → ``gate`` (who, how much, how many) →
``routes`` (what is asked) → ``batching`` (many questions, one pass over the rows). Processes:
``supervisor`` holds the files and the socket, ``worker`` answers.
"""

from typing import TYPE_CHECKING, Any

from synvec.server.settings import Settings

if TYPE_CHECKING:
    from synvec.server.app import application

__all__ = ["Settings", "application"]


def __getattr__(name: str) -> Any:
    if name != "application":
        raise AttributeError(f"module 'synvec.server' has no attribute {name!r}")
    from synvec.optional import imported

    # FastAPI takes longer to import than all of synvec, and the supervisor does without it.
    imported("fastapi", "serve", "synvec.server")
    from synvec.server.app import application

    return application
