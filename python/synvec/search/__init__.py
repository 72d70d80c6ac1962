"""Approximate indexes: built on other libraries' engines, audited, saved, opened.

The flow is ``building`` → one of the engines (``hnsw``, ``ivfpq``) → ``audit`` →
``approximate`` (what is asked) → ``files`` (what is saved).
"""

from synvec.search.approximate import ApproximateIndex
from synvec.search.audit import Audit
from synvec.search.building import build_index
from synvec.search.files import open_index, save_index

__all__ = ["ApproximateIndex", "Audit", "build_index", "open_index", "save_index"]
