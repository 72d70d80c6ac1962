"""What each address of the explorer answers, whatever carries it.

========================================  ==========================================================
``GET /``                                 the page
``GET /assets/…``                         its script and style
``GET /explorer/models``                  the models, how large, and which maps there are
``GET /explorer/0/points?layout=pca``     where model 0's drawn words lie: float32 x, y, x, y, …
``GET /explorer/0/keys``                  the drawn words, in order
``GET /explorer/0/counts``                how often each was seen: float32, nothing where unknown
``GET /explorer/0/clusters``              names of clusters, and which cluster each word is in
``GET /explorer/0/word?index=7&n=20``     a word and its neighbours
``GET /explorer/0/walk?plus=7&minus=8``   what lies near a sum of words, step by step
``GET /explorer/0/pair?a=7&b=8``          the cosine of two words
``GET /explorer/0/find?text=ki&n=10``     words beyond the map that begin so
``GET /explorer/0/index?key=king``        where a word is, or words like it
``POST /explorer/0/layouts/tsne``         begin to compute a map
``DELETE /explorer/0/layouts/tsne``       give it up
========================================  ==========================================================

An error is JSON, ``{"error": what}``, with 404 for what is not there and 422
for a wrong argument.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import numpy as np
from numpy.typing import NDArray

from synvec import __version__
from synvec.explorer import page
from synvec.explorer.model import ExploredModel

FOUND = 12
NEIGHBORS = 20
MOST_SUMMANDS = 20
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Answer:
    """An answer to a request, before it goes over any wire."""

    body: bytes
    kind: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: HEADERS)


class _Query:
    """The arguments of a request, checked when they are read."""

    def __init__(self, text: str) -> None:
        self._values = parse_qs(text, keep_blank_values=True, max_num_fields=100)

    def text(self, name: str) -> str:
        values = self._values.get(name)
        if not values:
            raise ValueError(f"{name} is missing")
        return values[0]

    def number(self, name: str, default: int | None = None) -> int:
        if default is not None and name not in self._values:
            return default
        return _integer(name, self.text(name))

    def numbers(self, name: str) -> list[int]:
        values = self._values.get(name, [])
        if len(values) > MOST_SUMMANDS:
            raise ValueError(f"{name} stands there {len(values)} times, at most {MOST_SUMMANDS}")
        return [_integer(name, value) for value in values]


def _integer(name: str, text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise ValueError(f"{name} is {text[:40]!r}, expected an integer")
    return int(text)


class Explorer:
    """One or more models behind a page.

    Parameters
    ----------
    models
        The models, or what gives them as they are now; the page shows two of them side by side.

    Examples
    --------
    >>> from synvec import KeyedVectors
    >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
    >>> explorer = Explorer([ExploredModel("sockets", kv)])
    >>> explorer.answer("GET", "/explorer/0/index", "key=port").body
    b'{"index":1,"close":[]}'
    >>> explorer.answer("GET", "/explorer/0/word", "index=7").status
    404
    """

    def __init__(
        self, models: Sequence[ExploredModel] | Callable[[], Sequence[ExploredModel]]
    ) -> None:
        self._given = models

    @property
    def models(self) -> Sequence[ExploredModel]:
        """The models as they are now."""
        return self._given() if callable(self._given) else self._given

    def answer(self, method: str, path: str, query: str = "") -> Answer:
        """Answer a request; whatever is wrong with it becomes an answer, too.

        Parameters
        ----------
        method
            GET, HEAD, POST or DELETE.
        path
            The path, percent-encoded, beginning with ``/``.
        query
            What follows the ``?``.
        """
        try:
            parts = [unquote(part) for part in path.strip("/").split("/")]
            if parts[0] != "explorer":
                return self._file(method, path)
            if parts[1:] == ["models"]:
                return _json({"synvec": __version__, "models": [m.summary() for m in self.models]})
            model = self._model(parts[1] if len(parts) > 1 else "")
            if parts[2:3] == ["layouts"] and len(parts) == 4:
                return _change_layout(model, method, parts[3])
            if method not in ("GET", "HEAD"):
                return _error(405, f"{method} is not for {path}")
            ask = _QUESTIONS.get("/".join(parts[2:]))
            if ask is None:
                return _error(404, f"there is nothing at {path[:200]}")
            return ask(model, _Query(query))
        except (KeyError, IndexError) as error:
            return _error(404, str(error.args[0]))
        except (ValueError, TypeError) as error:
            return _error(422, str(error))
        except ImportError as error:
            return _error(501, str(error))

    def _model(self, number: str) -> ExploredModel:
        position = _integer("the model", number)
        models = self.models
        if not 0 <= position < len(models):
            raise IndexError(f"no model {position}, there are {len(models)}")
        return models[position]

    def _file(self, method: str, path: str) -> Answer:
        if method not in ("GET", "HEAD"):
            return _error(405, f"{method} is not for {path}")
        found = page.file(path)
        if found is None:
            return _error(404, f"there is nothing at {path[:200]}")
        return Answer(found.body, found.kind, found.status)


def _change_layout(model: ExploredModel, method: str, name: str) -> Answer:
    if method == "POST":
        model.layouts.start(name)
    elif method == "DELETE":
        model.layouts.stop(name)
    else:
        return _error(405, f"{method} is not for a map; POST begins it, DELETE gives it up")
    return _json(model.layouts.states())


def _points(model: ExploredModel, query: _Query) -> Answer:
    return _binary(model.points(query.text("layout")))


def _clusters(model: ExploredModel, _: _Query) -> Answer:
    clusters = model.clusters()
    return _json({"names": clusters.names, "members": clusters.members.tolist()})


def _word(model: ExploredModel, query: _Query) -> Answer:
    return _json(model.word(query.number("index"), query.number("n", NEIGHBORS)))


def _walk(model: ExploredModel, query: _Query) -> Answer:
    plus, minus = query.numbers("plus"), query.numbers("minus")
    return _json(model.walk(plus, minus, query.number("n", NEIGHBORS)))


def _pair(model: ExploredModel, query: _Query) -> Answer:
    return _json(model.pair(query.number("a"), query.number("b")))


def _find(model: ExploredModel, query: _Query) -> Answer:
    return _json(model.find(query.text("text"), query.number("n", FOUND)))


_QUESTIONS: dict[str, Callable[[ExploredModel, _Query], Answer]] = {
    "points": _points,
    "keys": lambda model, _: _json(model.drawn_keys()),
    "counts": lambda model, _: _binary(model.drawn_counts()),
    "clusters": _clusters,
    "layouts": lambda model, _: _json(model.layouts.states()),
    "word": _word,
    "walk": _walk,
    "pair": _pair,
    "find": _find,
    "index": lambda model, query: _json(model.index(query.text("key"))),
}


def _json(content: Any, status: int = 200) -> Answer:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Answer(text.encode(), status=status)


def _error(status: int, message: str) -> Answer:
    return _json({"error": message}, status)


def _binary(numbers: NDArray[np.float32]) -> Answer:
    return Answer(np.ascontiguousarray(numbers, dtype="<f4").tobytes(), "application/octet-stream")
