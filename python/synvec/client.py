"""Questions to a server of vectors (``synvec serve``), with the names that `KeyedVectors` has.

It needs the standard library alone, so that whoever only asks installs no server.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, Self, TypeAlias, cast
from urllib.parse import quote, urlsplit

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synvec.arguments import real, whole
from synvec.errors import (
    InvalidRequestError,
    RemoteKeyError,
    ServerBusyError,
    ServiceError,
    UnauthorizedError,
    UnknownModelError,
    UnreachableServerError,
)
from synvec.key_types import Key, KeyT, is_integer
from synvec.statistics import Correlation

Item: TypeAlias = "Key | ArrayLike"
"""A key, or a vector of D numbers."""
Neighbor: TypeAlias = tuple[KeyT, float]

_LONGEST_PAUSE = 10.0
_GONE = (http.client.HTTPException, OSError)
"""What a connection raises whose other end went away, refused or was too slow."""


class Client(Generic[KeyT]):
    """Asks a server.

    Connections are kept, one a thread. Every question may be asked twice without harm, so it is:
    when the server is full (after the time that it names), restarts, or drops a connection.

    Keys are what the model's are, strings or integers; for type checkers ``Client[int]``.

    Parameters
    ----------
    url
        Where the server is, as ``http://127.0.0.1:8000``; ``https`` for a proxy that speaks it.
    model
        Which model is asked; by default the only one there is.
    token
        What the server wants as a bearer token.
    timeout
        Seconds to wait for a connection, and for each part of an answer.
    retries
        How often a question is asked again.

    Raises
    ------
    ValueError
        For a ``url`` that is none.

    Examples
    --------
    >>> client = Client("http://127.0.0.1:8000", model="wiki8")
    >>> client.most_similar("coffee", topn=3)  # doctest: +SKIP
    [('wheat', 0.7584), ('tea', 0.7572), ('barley', 0.7515)]
    """

    def __init__(
        self,
        url: str,
        model: str | None = None,
        *,
        token: str | None = None,
        timeout: float = 10.0,
        retries: int = 3,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url is {url!r}, expected one such as http://127.0.0.1:8000")
        timeout, retries = real("timeout", timeout), whole("retries", retries, least=0)
        if not timeout > 0:
            raise ValueError(f"timeout is {timeout}, expected more than 0 seconds")
        self.url = url.rstrip("/")
        self._scheme, self._host, self._port = parts.scheme, parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._model = model
        self._token = token
        self._timeout = timeout
        self._retries = retries
        self._local = threading.local()

    # --- questions ------------------------------------------------------------------------------

    def models(self) -> list[dict[str, Any]]:
        """Return the models that are served: name, keys, vector_size, version and index of each."""
        listed: list[dict[str, Any]] = self._ask("GET", "/v1/models")["models"]
        return listed

    def most_similar(
        self,
        positive: Item | Sequence[Item] = (),
        negative: Item | Sequence[Item] = (),
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> list[Neighbor[KeyT]]:
        """Return the keys nearest to a sum of keys and vectors; see `KeyedVectors.most_similar`.

        Parameters
        ----------
        positive, negative
            A key, a vector, or a list of them. A list of integers is one of keys, and one of other
            numbers is a vector.
        topn
            How many keys.
        restrict_vocab
            Search the first so many keys alone.

        Returns
        -------
        list of (key, float)
            Keys with their cosine, the very numbers that the library gives.

        Raises
        ------
        RemoteKeyError
            For an unknown key; a `KeyError`.
        InvalidRequestError
            For a vector of another length, or more neighbours than the server gives.
        ServerBusyError, UnreachableServerError
            When there is no answer.
        """
        answer = self._post(
            "neighbors",
            positive=_listed(positive),
            negative=_listed(negative),
            topn=topn,
            restrict_vocab=restrict_vocab,
        )
        return _pairs(answer["neighbors"])

    def most_similar_batch(
        self,
        keys_or_vectors: Sequence[Item] | NDArray[Any],
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> list[list[Neighbor[KeyT]]]:
        """Return what ``most_similar`` finds for each of many keys or vectors, in one request."""
        if isinstance(keys_or_vectors, str):
            raise TypeError(
                f"keys_or_vectors is the str {keys_or_vectors!r}, expected a list of keys"
            )
        queries = [_item(item) for item in keys_or_vectors]
        answer = self._post(
            "neighbors/batch", queries=queries, topn=topn, restrict_vocab=restrict_vocab
        )
        return [_pairs(found) for found in answer["answers"]]

    def analogy(
        self, a: Key, b: Key, c: Key, topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbor[KeyT]]:
        """Return the answers to "a is to b as c is to what?": the keys nearest to b − a + c."""
        first, second, third = map(_key, (a, b, c))
        answer = self._post(
            "analogy", a=first, b=second, c=third, topn=topn, restrict_vocab=restrict_vocab
        )
        return _pairs(answer["neighbors"])

    def similarity(self, w1: Key, w2: Key) -> float:
        """Return the cosine of two keys."""
        return self.similarities([(w1, w2)])[0]

    def similarities(self, pairs: Iterable[tuple[Key, Key]]) -> list[float]:
        """Return the cosine of each pair of keys, in one request."""
        answer = self._post("similarity", pairs=[list(map(_key, pair)) for pair in pairs])
        return [_number(cosine) for cosine in answer["similarities"]]

    def get_vector(self, key: Key, norm: bool = False) -> NDArray[np.float32]:
        """Return the vector of a key, D float32 numbers; of length 1 with ``norm``."""
        vector: NDArray[np.float32] = self.vectors([key], norm)[0]
        return vector

    def vectors(self, keys: Sequence[Key], norm: bool = False) -> NDArray[np.float32]:
        """Return the vectors of keys, N × D float32, in one request."""
        if isinstance(keys, str):
            raise TypeError(f"keys is the str {keys!r}, expected a list of keys")
        answer = self._post("vectors", keys=list(map(_key, keys)), norm=norm)
        return np.array(answer["vectors"], dtype=np.float32)  # None, which stands for NaN, too

    def doesnt_match(self, words: Sequence[Key]) -> KeyT:
        """Return the key that fits the others least."""
        return cast(KeyT, self._post("doesnt-match", keys=list(map(_key, words)))["key"])

    def evaluate_word_pairs(
        self, pairs: Iterable[tuple[Key, Key, float]]
    ) -> tuple[Correlation, Correlation, float]:
        """Return Pearson's and Spearman's of cosines and scores, and unknown pairs in percent."""
        scored = [[_key(one), _key(other), float(score)] for one, other, score in pairs]
        answer = self._post("evaluate-pairs", pairs=scored)
        pearson, spearman = (
            Correlation(*(_number(answer[name][field]) for field in ("statistic", "pvalue")))
            for name in ("pearson", "spearman")
        )
        return pearson, spearman, float(answer["oov_ratio"])

    def is_ready(self) -> bool:
        """Whether the server answers and has all its models open."""
        try:
            self._try_once("GET", "/readyz", None)
        except ServiceError:
            return False
        return True

    # --- the connection -------------------------------------------------------------------------

    def close(self) -> None:
        """Close this thread's connection; the next question opens another."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r}, model={self._model!r})"

    def _post(self, what: str, **asked: Any) -> dict[str, Any]:
        if self._model is None:
            names = [model["name"] for model in self.models()]
            if len(names) != 1:
                raise UnknownModelError(
                    f"{self.url} serves {', '.join(names) or 'no model'}; give model=", 404
                )
            self._model = names[0]
        given = {name: value for name, value in asked.items() if value is not None}
        path = f"/v1/models/{quote(self._model, safe='')}/{what}"
        answer: dict[str, Any] = self._ask("POST", path, given)
        return answer

    def _ask(self, method: str, path: str, asked: Mapping[str, Any] | None = None) -> Any:
        """Ask, and ask again after a while where that may help."""
        body = None if asked is None else _as_json(asked)
        for attempt in range(self._retries + 1):
            try:
                return self._try_once(method, path, body)
            except (ServerBusyError, UnreachableServerError) as error:
                if attempt == self._retries:
                    raise
                wait = float(error.details.get("retry_after", 0.1 * 2**attempt))
                # Not all at the same instant again.
                time.sleep(min(_LONGEST_PAUSE, wait) * random.uniform(1.0, 1.5))
        raise AssertionError("the loop returns or raises")

    def _try_once(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        connection = self._connection()
        try:
            connection.request(method, self._prefix + path, body, headers)
            response = connection.getresponse()
            content = response.read()
        except _GONE as error:
            self.close()
            # A timeout's own text is empty or says little.
            reason = f"no answer in {self._timeout} s" if isinstance(error, TimeoutError) else error
            raise UnreachableServerError(f"{self.url}: {reason or type(error).__name__}") from error
        if response.status != 200:
            raise _error(response, content, self.url)
        try:
            return json.loads(content)
        except ValueError:
            raise ServiceError(
                f"{self.url} answers something else than JSON; is it synvec's server?", 200
            ) from None

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            secure = self._scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            connection = kind(self._host, self._port, timeout=self._timeout)
            self._local.connection = connection
        return connection


def _error(response: http.client.HTTPResponse, content: bytes, url: str) -> ServiceError:
    """Return the error that an answer stands for."""
    status = response.status
    try:
        details = json.loads(content)["error"]
        message, kind = str(details["message"]), str(details["type"])
    except (ValueError, LookupError, TypeError):  # a proxy's answer, not the server's
        message, kind, details = f"{url} answers {status} {response.reason}", "", {}
    retry_after = response.headers.get("Retry-After", "")
    if retry_after.isdecimal():
        details["retry_after"] = int(retry_after)
    by_type: dict[str, type[ServiceError]] = {
        "unknown_key": RemoteKeyError,
        "unknown_model": UnknownModelError,
    }
    by_status: dict[int, type[ServiceError]] = {
        400: InvalidRequestError,
        401: UnauthorizedError,
        413: InvalidRequestError,
        422: InvalidRequestError,
        429: ServerBusyError,
        502: ServerBusyError,
        503: ServerBusyError,
    }
    known = by_type.get(kind) or by_status.get(status, ServiceError)
    return known(message, status, kind, details)


def _listed(items: Item | Sequence[Item]) -> list[Any]:
    """Return one item or several as a list of what JSON holds."""
    if isinstance(items, str) or is_integer(items):
        return [_key(items)]
    if isinstance(items, np.ndarray) and items.ndim == 1 and items.dtype.kind in "fiu":
        return [_item(items)]
    if isinstance(items, list | tuple) and items and _is_vector(items):
        return [_item(items)]
    if not isinstance(items, Iterable):
        raise TypeError(f"{items!r} is a {type(items).__name__}, expected keys and vectors")
    return [_item(item) for item in items]


def _is_vector(items: Sequence[Any]) -> bool:
    """Whether all are numbers, and not all integers, which are keys."""
    are_numbers = all(isinstance(item, int | float | np.number) for item in items)
    return are_numbers and not all(map(is_integer, items))


def _item(item: Any) -> Any:
    if isinstance(item, str) or is_integer(item):
        return _key(item)
    return np.asarray(item, dtype=np.float32).tolist()


def _key(key: Any) -> Any:
    """Return a key as JSON holds it; what is none the server refuses."""
    return int(key) if is_integer(key) else key


def _as_json(asked: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(asked, allow_nan=False).encode()
    except ValueError as error:
        raise InvalidRequestError(f"a vector holds NaN or infinity: {error}") from None


def _pairs(found: list[dict[str, Any]]) -> list[Neighbor[Any]]:
    return [(each["key"], _number(each["cosine"])) for each in found]


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
