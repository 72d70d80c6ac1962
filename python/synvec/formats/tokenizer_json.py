"""``tokenizer.json`` of the tokenizers library: which token has which row, read and written.

Only the vocabulary is read (models WordLevel, WordPiece, BPE and Unigram, and the tokens added to
them); how text is split is the library's own affair. The layout is that of
https://github.com/huggingface/tokenizers.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from synvec.errors import HeaderError
from synvec.formats.reading import Reader, Subject, parse_object

UNKNOWN = "[UNK]"

# What a vocabulary of V tokens may take: merges and scores come on top of the tokens themselves.
_MOST_BYTES, _MOST_BYTES_A_TOKEN = 4 << 20, 1 << 10
_TOKENS_A_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens by their ids, and the one that a WordLevel model gives to unknown words."""

    names: list[str]
    unknown: str | None


def read_tokens(reader: Reader, rows: int) -> Tokens:
    """Return the tokens of a tokenizer, whose ids are 0 to ``rows`` - 1.

    Raises
    ------
    HeaderError
        When the ids are others, or the file is no tokenizer.
    """
    most = _MOST_BYTES + _MOST_BYTES_A_TOKEN * rows
    if reader.size > most:
        raise reader.error(
            HeaderError, f"{reader.size} bytes for {rows} vectors, expected at most {most}"
        )
    text = reader.read(reader.size, "the tokenizer")
    found = parse_object(reader.subject, text, "the tokenizer")
    model = found.get("model")
    if not isinstance(model, dict):
        raise reader.error(HeaderError, "the tokenizer has no model")
    tokens: list[str | None] = [None] * rows  # compared with the tensor's rows, which are there
    for token, place in [
        *_of_model(reader.subject, model.get("vocab")),
        *_added(reader.subject, found),
    ]:
        _put(reader.subject, tokens, token, place)
    named = [token for token in tokens if token is not None]
    if len(named) < rows:
        raise reader.error(
            HeaderError,
            f"no token has the id {tokens.index(None)}, expected one for each of {rows} vectors",
        )
    if len(set(named)) < rows:
        raise reader.error(HeaderError, "a token has two ids, expected one")
    is_word_level = model.get("type") == "WordLevel"
    return Tokens(named, model.get("unk_token") if is_word_level else None)


def _of_model(subject: Subject, vocabulary: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(vocabulary, dict):
        yield from vocabulary.items()
    elif isinstance(vocabulary, list):  # Unigram: pairs of a token and its score
        for place, pair in enumerate(vocabulary):
            yield pair[0] if isinstance(pair, list) and pair else None, place
    else:
        raise subject.error(HeaderError, "the tokenizer's model has no vocabulary")


def _added(subject: Subject, tokenizer: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    added = tokenizer.get("added_tokens") or []
    if not isinstance(added, list):
        raise subject.error(HeaderError, "added_tokens is not a list")
    for entry in added:
        if not isinstance(entry, dict):
            raise subject.error(HeaderError, f"an added token is {reprlib.repr(entry)}")
        yield entry.get("content"), entry.get("id")


def _put(subject: Subject, tokens: list[str | None], token: Any, place: Any) -> None:
    """Note that a token has a row; an added one may repeat what the model says."""
    if not isinstance(token, str) or type(place) is not int or not 0 <= place < len(tokens):
        raise subject.error(
            HeaderError,
            f"the token {reprlib.repr(token)} has the id {reprlib.repr(place)}, expected text and"
            f" an id from 0 to {len(tokens) - 1}, one for each vector",
        )
    if tokens[place] not in (None, token):
        raise subject.error(
            HeaderError, f"the tokens {tokens[place]!r} and {token!r} both have the id {place}"
        )
    tokens[place] = token


def word_level(tokens: Sequence[str], unknown: str) -> Iterator[bytes]:
    """Yield a tokenizer that splits text at white space and looks up what is between."""
    head: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
    }
    opening = json.dumps(head, separators=(",", ":"))[:-1]
    yield f'{opening},"model":{{"type":"WordLevel","vocab":{{'.encode()
    for start in range(0, len(tokens), _TOKENS_A_BLOCK):
        part = tokens[start : start + _TOKENS_A_BLOCK]
        entries = (
            f"{json.dumps(token, ensure_ascii=False)}:{start + index}"
            for index, token in enumerate(part)
        )
        yield ("," * bool(start) + ",".join(entries)).encode()
    yield f'}},"unk_token":{json.dumps(unknown, ensure_ascii=False)}}}}}'.encode()
