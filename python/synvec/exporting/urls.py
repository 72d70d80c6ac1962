"""What the URL of an export names: engine, place and table; and how one is shown."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode

EXAMPLES = {
    "duckdb": "duckdb://file.db/table",
    "lancedb": "lancedb://folder/table",
    "postgresql": "postgresql://user@host/database?table=words",
    "qdrant": "qdrant://localhost:6333/collection",
    "qdrant+https": "qdrant+https://host/collection",
    "qdrant+local": "qdrant+local://folder/collection",
}
ALIASES = {"postgres": "postgresql"}
"""libpq knows either."""


def split_url(url: str) -> tuple[str, str, str]:
    """Return the engine, where it is, and the table.

    The table is the last part of the path. PostgreSQL has the name of the database there, and its
    table is a parameter; where it is is all the rest of the URL, which its library reads.

    Raises
    ------
    ValueError
        For a URL of another kind, or one without a table.

    Examples
    --------
    >>> split_url("lancedb:///data/folder/words")
    ('lancedb', '/data/folder', 'words')
    >>> split_url("postgresql://host/db?table=words&sslmode=require")
    ('postgresql', 'postgresql://host/db?sslmode=require', 'words')
    """
    scheme, separator, rest = url.partition("://")
    engine = ALIASES.get(scheme, scheme)
    if not separator or engine not in EXAMPLES:
        raise ValueError(
            f"{without_password(url)!r} names no engine, expected one like "
            f"{', '.join(EXAMPLES.values())}"
        )
    if engine == "postgresql":
        place, table = _table_parameter(url)
    else:
        place, _, table = rest.rpartition("/")
    if not place or not table:
        raise ValueError(
            f"{without_password(url)!r} names no table, expected a URL like {EXAMPLES[engine]}"
        )
    return engine, place, table


def _table_parameter(url: str) -> tuple[str, str]:
    """Return a URL without its parameter ``table``, and that; empty when there is none."""
    database, _, query = url.partition("?")  # urlunsplit would make one slash of three
    parameters = parse_qsl(query, keep_blank_values=True)
    others = [pair for pair in parameters if pair[0] != "table"]
    # To libpq a + is no space.
    place = f"{database}?{urlencode(others, quote_via=quote)}" if others else database
    return place, dict(parameters).get("table", "")


def without_password(url: str) -> str:
    """Return a URL as it may be shown.

    Examples
    --------
    >>> without_password("postgresql://user:secret@host/db?table=words")
    'postgresql://user@host/db?table=words'
    """
    shown = re.sub(r"(://[^:/@]*):[^/]*@", r"\1@", url)
    return re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1…", shown)
