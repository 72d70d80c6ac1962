"""A page that shows vectors as a map to play with: ``synvec explore``, and ``/`` of the server."""

from synvec.explorer import page
from synvec.explorer.answers import Answer, Explorer
from synvec.explorer.model import ExploredModel

__all__ = ["Answer", "ExploredModel", "Explorer", "page"]
