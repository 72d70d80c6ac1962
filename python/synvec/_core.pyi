"""Types of the native module."""

__version__: str

def available_workers() -> int:
    """The cores this process may use (affinity and cgroup quota respected)."""
