"""Data sets from files in the layouts that they are published in, recognised by content."""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from synvec.errors import FormatError, RowError
from synvec.evaluation.datasets import (
    AnalogySet,
    CategorySet,
    Dataset,
    OutlierSet,
    PairSet,
    Topic,
)
from synvec.evaluation.text import StrPath, numbered_lines

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

Lines: TypeAlias = list[tuple[int, str]]
"""Lines with their numbers from 1, without comments."""

SEPARATORS = ("\t", ";", ",", None)  # None is any white space
# A third column of text before the score is a part of speech: A, N, V, noun, verb.
LONGEST_TAG = 4
LONGEST_PHRASE = 3
ANALOGIES = "four words, or a header ': section'"
PAIRS = "word, word, score"
CATEGORIES = "word and category, or 'category: word word …'"
OUTLIERS = "a group of words, one a line, a blank line, and its outliers, one a line"


class Layout(NamedTuple):
    """One way to write a data set down."""

    expected: str
    fits: Callable[[str], bool]
    read: Callable[[Path, Lines], Dataset]


def load_datasets(*paths: StrPath) -> list[Dataset]:
    r"""Read data sets from files and folders; what each holds is told from its content.

    Parameters
    ----------
    paths
        UTF-8 text files, or folders of such files. Lines that begin with ``#`` are left out, and
        of a folder hidden files and those named README. The outlier files of a folder are the
        topics of one data set; every other file is one by itself. The layouts:

        - analogies: lines of four words under headers ``: section`` (questions-words.txt);
        - pairs: word, word, score, with tabs, semicolons, commas or spaces between, with a header
          or without; further columns are left out, and so is a part of speech before the score
          (WordSim-353, SimLex-999, SimVerb-3500, MEN, RG-65);
        - categories: word and category on each line, or one line a category, ``fruit: apple pear``;
        - outliers: a group of words, one a line, a blank line, and the outliers (8-8-8).

    Returns
    -------
    list of AnalogySet, PairSet, CategorySet or OutlierSet
        Named as the files are, without their endings.

    Raises
    ------
    ValueError
        For a file in no such layout, or a line that isn't in the layout of the others; the message
        names the file, the line and what was expected. `EncodingError` for text that isn't UTF-8.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "five.csv")
    ...     _ = path.write_text("Word 1,Word 2,Human (mean)\ntiger,cat,7.35\ntiger,tiger,10\n")
    ...     load_datasets(path)
    [PairSet(name='five', pairs=(('tiger', 'cat'), ('tiger', 'tiger')), scores=(7.35, 10.0))]
    """
    from pathlib import Path  # here, since it costs 5 ms of `import synvec`

    return [dataset for path in paths for dataset in _load(Path(path))]


def _load(path: Path) -> list[Dataset]:
    if not path.is_dir():
        return [_read(path)]
    files = [file for file in sorted(path.iterdir()) if file.is_file() and not _is_aside(file)]
    if not files:
        raise FormatError(f"{path}: no files in this folder, expected data sets; name theirs")
    found = [_read(file) for file in files]
    sets: list[Dataset] = []
    topics: list[Topic] = []
    for dataset in found:
        if isinstance(dataset, OutlierSet):
            topics += dataset.topics
        else:
            sets.append(dataset)
    return [*sets, OutlierSet(path.resolve().name, tuple(topics))] if topics else sets


def _is_aside(file: Path) -> bool:
    return file.name.startswith(".") or file.stem.upper() == "README"


def _read(path: Path) -> Dataset:
    lines = [
        (number, text.rstrip())
        for number, text in numbered_lines(path, "utf-8")
        if not text.startswith("#")
    ]
    content = [(number, text) for number, text in lines if text.strip()]
    if not content:
        raise FormatError(f"{path}: no lines, expected a data set; see load_datasets for layouts")
    layout = _recognise(content)
    if layout is None:
        number, text = content[0]
        raise FormatError(
            f"{path}, line {number}: {text[:60]!r} is of no layout that most lines share, expected "
            f"{ANALOGIES} (analogies); {PAIRS} (pairs); {CATEGORIES} (categories); or {OUTLIERS}"
        )
    return layout.read(path, lines)


def _recognise(content: Lines) -> Layout | None:
    """Return the layout that most lines are in; None when it isn't even half of them."""
    if any(text.startswith(":") for _, text in content):
        return ANALOGY_LAYOUT
    # The order matters: of layouts that fit as many lines, the first is taken.
    fitting = [sum(layout.fits(text) for _, text in content) for layout in LAYOUTS]
    best = max(fitting)
    return LAYOUTS[fitting.index(best)] if 2 * best > len(content) else None


def _refusal(path: Path, number: int, text: str, expected: str) -> RowError:
    return RowError(
        f"{path}, line {number}: {text[:60]!r}, expected {expected} as on other lines; mend the "
        "line or put # before it"
    )


def _fields(text: str, separator: str | None) -> list[str]:
    if separator is None:
        return text.split()
    if '"' in text:
        import csv

        return [field.strip() for field in next(csv.reader([text], delimiter=separator))]
    return [field.strip() for field in text.split(separator)]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None  # "nan" and "inf" are words here


# --- analogies ------------------------------------------------------------------------------------


def _is_question(text: str) -> bool:
    words = text.split()
    return len(words) == 4 and _number(words[2]) is None and _number(words[3]) is None


def _read_analogies(path: Path, lines: Lines) -> AnalogySet:
    section = path.stem  # for questions before the first header
    questions, sections = [], []
    for number, text in lines:
        words = text.split()
        if text.startswith(":"):
            section = text[1:].strip()
        elif len(words) == 4:
            questions.append((words[0], words[1], words[2], words[3]))
            sections.append(section)
        elif words:
            raise _refusal(path, number, text, ANALOGIES)
    if not questions:
        raise FormatError(f"{path}: headers without a question, expected {ANALOGIES}")
    return AnalogySet(path.stem, tuple(questions), tuple(sections))


# --- pairs ----------------------------------------------------------------------------------------


def _score_column(fields: list[str]) -> int | None:
    """Return the first column of a number after two words, and perhaps their part of speech."""
    if len(fields) < 3 or not fields[0] or not fields[1]:
        return None
    columns = range(2, min(len(fields), 4))
    return next((column for column in columns if _number(fields[column]) is not None), None)


def _is_pair(separator: str | None) -> Callable[[str], bool]:
    return lambda text: _score_column(_fields(text, separator)) is not None


def _read_pairs(separator: str | None) -> Callable[[Path, Lines], PairSet]:
    def read(path: Path, lines: Lines) -> PairSet:
        rows = [(number, text, _fields(text, separator)) for number, text in lines if text.strip()]
        found = Counter(_score_column(fields) for _, _, fields in rows)
        del found[None]
        column = found.most_common(1)[0][0]
        assert column is not None
        pairs, scores = [], []
        for place, (number, text, fields) in enumerate(rows):
            score = _number(fields[column]) if len(fields) > column else None
            if score is None and place == 0 and len(fields) >= 3:
                logger.info("%s, line %d: taken for a header: %s", path, number, text)
            elif score is None or not (fields[0] and fields[1]):
                raise _refusal(path, number, text, PAIRS)
            elif column == 3 and len(fields[2]) > LONGEST_TAG:
                raise _refusal(path, number, text, f"{PAIRS}, or a part of speech before it,")
            else:
                pairs.append((fields[0], fields[1]))
                scores.append(score)
        return PairSet(path.stem, _without_tags(pairs), tuple(scores))

    return read


def _without_tags(pairs: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """MEN's lemma form marks each word with its part of speech: ``sun-n``."""
    if all(re.fullmatch(r".+-[nvja]", word) for pair in pairs for word in pair):
        return tuple((one[:-2], other[:-2]) for one, other in pairs)
    return tuple(pairs)


# --- categories -----------------------------------------------------------------------------------


def _is_category(text: str) -> bool:
    name, colon, words = text.partition(":")
    return bool(name.strip() and colon and words.strip())


def _read_category_lines(path: Path, lines: Lines) -> CategorySet:
    words: list[str] = []
    categories: list[str] = []
    for number, text in lines:
        if not text.strip():
            continue
        if not _is_category(text):
            raise _refusal(path, number, text, "'category: word word …'")
        name, _, members = text.partition(":")
        found = re.split(r"[\s,;]+", members.strip(" \t,;"))
        words += found
        categories += [name.strip()] * len(found)
    return _categories(path, words, categories)


def _is_word_and_category(separator: str | None) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        fields = _fields(text, separator)
        return len(fields) == 2 and all(fields) and _number(fields[1]) is None

    return fits


def _read_words_and_categories(separator: str | None) -> Callable[[Path, Lines], CategorySet]:
    fits = _is_word_and_category(separator)

    def read(path: Path, lines: Lines) -> CategorySet:
        rows = []
        for number, text in lines:
            if not text.strip():
                continue
            if not fits(text):
                raise _refusal(path, number, text, "word and category")
            rows.append(_fields(text, separator))
        if rows[0][1].lower() in ("category", "class", "label"):
            rows = rows[1:]
        return _categories(path, [row[0] for row in rows], [row[1] for row in rows])

    return read


def _categories(path: Path, words: Iterable[str], categories: Iterable[str]) -> CategorySet:
    dataset = CategorySet(path.stem, tuple(words), tuple(categories))
    count = len(set(dataset.categories))
    if 2 * count > len(dataset) or not count:
        # What doesn't repeat is no category: perhaps the columns are the other way round.
        raise FormatError(
            f"{path}: {count} categories for {len(dataset)} words, expected two words a category "
            "or more; write the word first, then its category"
        )
    return dataset


# --- outliers -------------------------------------------------------------------------------------


def _is_one_word(text: str) -> bool:
    return not re.search(r"[\t;,:]", text) and len(text.split()) <= LONGEST_PHRASE


def _read_outliers(path: Path, lines: Lines) -> OutlierSet:
    blocks: list[list[str]] = [[]]
    for number, text in lines:
        if not text.strip():
            blocks.append([])
        elif _is_one_word(text):
            blocks[-1].append(text.strip())
        else:
            raise _refusal(path, number, text, OUTLIERS)
        if len([block for block in blocks if block]) > 2:
            raise RowError(f"{path}, line {number}: a third block, expected {OUTLIERS}; split it")
    found = [tuple(block) for block in blocks if block]
    if len(found) != 2 or len(found[0]) < 2:
        raise RowError(
            f"{path}, line {lines[-1][0]}: the file ends after {len(found)} blocks, the first of "
            f"{len(found[0])} words, expected {OUTLIERS}, and 2 words or more in the group"
        )
    return OutlierSet(path.stem, (Topic(path.stem, found[0], found[1]),))


ANALOGY_LAYOUT = Layout(ANALOGIES, _is_question, _read_analogies)
LAYOUTS = (
    *(Layout(PAIRS, _is_pair(mark), _read_pairs(mark)) for mark in SEPARATORS),
    ANALOGY_LAYOUT,
    Layout(CATEGORIES, _is_category, _read_category_lines),
    *(
        Layout(CATEGORIES, _is_word_and_category(mark), _read_words_and_categories(mark))
        for mark in SEPARATORS
    ),
    Layout(OUTLIERS, _is_one_word, _read_outliers),
)
