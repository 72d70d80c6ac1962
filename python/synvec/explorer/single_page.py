"""One page that holds its models and needs no server: ``synvec explore FILE --html out.html``.

Vectors are 8-bit numbers, each row by its own largest one; their cosines differ from the true ones
by some thousandths. Maps are 16-bit numbers, finer than a screen.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.arithmetic import Matrix
from synvec.explorer import page
from synvec.explorer.model import ExploredModel

_SCRIPT = re.compile(r'<script[^>]*src="\./assets/explorer\.js"[^>]*></script>')
_STYLE = re.compile(r'<link[^>]*href="\./assets/explorer\.css"[^>]*>')
# Nothing may be loaded from anywhere, and the vectors may go nowhere.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src '
    "'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:\">"
)


def write_page(models: Sequence[ExploredModel], target: str | PathLike[str]) -> int:
    """Write the page with the drawn words of each model.

    Parameters
    ----------
    models
        One model, or two that are seen side by side.
    target
        The file; what was there is replaced once the new one is whole.

    Returns
    -------
    int
        Its bytes.

    Raises
    ------
    FileNotFoundError
        When the page was not built, for want of Node.
    OSError
        When the file can't be written.
    """
    text = page_of(models).encode()
    _core.write_blocks(target, [text])
    return len(text)


def page_of(models: Sequence[ExploredModel]) -> str:
    """Return the page as `write_page` writes it."""
    data = json.dumps([_embedded(model) for model in models], ensure_ascii=False, allow_nan=False)
    # Inside a script element only these could end it, or begin a comment.
    data = data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    script = page.text("assets/explorer.js").replace("</script", "<\\/script")
    style = page.text("assets/explorer.css").replace("</style", "<\\/style")
    html = page.text("index.html").replace("<head>", f"<head>{_POLICY}", 1)
    html = _STYLE.sub(lambda _: f"<style>{style}</style>", html, count=1)
    html = _SCRIPT.sub("", html, count=1)
    end = html.index("</body>")
    return (
        f'{html[:end]}<script type="application/json" id="synvec-data">{data}</script>\n'
        f'<script type="module">{script}</script>\n{html[end:]}'
    )


def _embedded(model: ExploredModel) -> dict[str, Any]:
    maps = {"pca": model.points("pca")}
    summary = model.summary()
    # Maps that are there already go with the page; it can compute none.
    kept = [layout for layout in summary["layouts"] if layout["state"] == "ready"]
    maps.update({layout["name"]: model.points(layout["name"]) for layout in kept})
    vectors = model.vectors.vectors[: model.drawn]
    counts = model.vectors.known_counts
    clusters = model.clusters()
    return {
        "summary": {**summary, "words": model.drawn, "layouts": kept},
        "keys": model.drawn_keys(),
        "points": {name: _base64(_spread(points)) for name, points in maps.items()},
        "vectors": _base64(_bytes_of(vectors)),
        "norms": _base64(np.linalg.norm(vectors, axis=1).astype("<f4")),
        "counts": [] if counts is None else counts[: model.drawn].tolist(),
        "clusters": {"names": clusters.names, "members": clusters.members.tolist()},
    }


def _bytes_of(vectors: Matrix) -> NDArray[np.int8]:
    largest = np.abs(vectors).max(axis=1, initial=0, keepdims=True)
    scaled = vectors / np.where(largest == 0, 1, largest) * 127
    return np.rint(scaled).astype(np.int8)


def _spread(points: Matrix) -> NDArray[np.int16]:
    largest = float(np.abs(points).max(initial=0)) or 1.0
    spread: NDArray[np.int16] = np.rint(points / largest * 32767).astype("<i2")
    return spread


def _base64(numbers: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode("ascii")
