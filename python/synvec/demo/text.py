"""English that every machine has: what Python's own standard library says about itself.

Docstrings, comments and the pages behind ``help()``, about half a million words in all, one
sentence a list of lower-case words.
"""

import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

# Tests are mostly code, the comments of the codecs are tables of letters, and what other people
# installed is not the standard library.
_SKIPPED_FOLDERS = frozenset(
    {"dist-packages", "encodings", "idle_test", "lib2to3", "site-packages", "test", "tests"}
)

# Python source as comments and strings with anything between them: a lexer in one expression,
# ten times as fast as `ast` or `tokenize` and as good for prose. The last group's ordinary strings
# are matched only so that a quote or a # inside them opens nothing.
_COMMENT_OR_STRING = re.compile(
    r"""
    (?P<comment> \#(?!!)[^\n]* )
  | (?P<prefix> [A-Za-z]{0,2} )
    (?: (?P<quotes> \"{3} | '{3} ) (?P<text> (?: \\. | . )*? ) (?P=quotes)
      | " (?: \\. | [^"\\\n] )* "
      | ' (?: \\. | [^'\\\n] )* '
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*]|[0-9]+\.)[ \t])")
_SENTENCE_END = re.compile(r"[.!?:;](?=\s)")
_WORD = re.compile(r"[a-z]+")
_PROMPT = re.compile(r"^[ \t]*(?:>>>|\.\.\.).*$", re.MULTILINE)


def sentences() -> Iterator[list[str]]:
    """Yield the sentences of the running Python's standard library, in the order of its files.

    Yields
    ------
    list of str
        The words of one sentence: runs of the letters a-z, lower-cased.

    Examples
    --------
    >>> from synvec.demo.text import sentences
    >>> words = next(sentences())
    """
    for page in _help_pages():
        yield from split(page)
    for path in _source_files():
        source = path.read_bytes().decode("utf-8", "replace")
        for passage in prose(source):
            yield from split(passage)


def prose(source: str) -> Iterator[str]:
    """Yield what a Python source says in English: each docstring, each block of comments.

    A string that opens with three quotes at the beginning of a line is taken for a docstring.
    Comment lines that follow each other are one passage.
    """
    block: list[str] = []
    block_end = 0
    for match in _COMMENT_OR_STRING.finditer(source):
        line_start = source.rfind("\n", 0, match.start()) + 1
        begins_line = not source[line_start : match.start()].strip()
        comment = match["comment"]
        goes_on = comment and begins_line and source[block_end : match.start()].isspace()
        if block and not goes_on:
            yield "\n".join(block)
            block.clear()
        if comment:
            block.append(comment.lstrip("# "))
            block_end = match.end()
        elif match["text"] and begins_line and match["prefix"] in ("", "r", "R"):
            yield _PROMPT.sub("", match["text"])
    if block:
        yield "\n".join(block)


def split(passage: str) -> Iterator[list[str]]:
    """Yield the sentences of a passage, each as its words; a blank line or a new item ends one."""
    for paragraph in _PARAGRAPH_END.split(passage):
        for sentence in _SENTENCE_END.split(paragraph):
            words = _WORD.findall(sentence.lower())
            if len(words) > 1:
                yield words


def _help_pages() -> Iterator[str]:
    try:
        from pydoc_data.topics import topics
    except ImportError:  # some distributions leave it out
        return
    yield from topics.values()


def _source_files() -> list[Path]:
    library = Path(sysconfig.get_path("stdlib"))
    return sorted(
        path
        for path in library.rglob("*.py")
        if _SKIPPED_FOLDERS.isdisjoint(path.relative_to(library).parts)
        and path.name != "topics.py"  # read as help pages above
    )


def describe() -> str:
    """Say where the text comes from, e.g. ``the standard library of Python 3.12``."""
    return f"the standard library of Python {sys.version_info.major}.{sys.version_info.minor}"
