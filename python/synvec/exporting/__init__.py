"""Vectors into other engines, batch by batch: an export that was cut off goes on where it was."""

from synvec.exporting.engines import open_target
from synvec.exporting.exporting import export
from synvec.exporting.targets import Batch, Target
from synvec.exporting.urls import without_password

__all__ = ["Batch", "Target", "export", "open_target", "without_password"]
