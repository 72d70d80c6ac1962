"""Libraries that synvec can do without: imported by the call that needs one."""

from importlib import import_module
from typing import Any


def imported(module: str, extra: str, what: str) -> Any:
    """Return a module; without it an `ImportError` says which extra of synvec brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"{what} needs {module}: pip install synvec[{extra}]") from error
