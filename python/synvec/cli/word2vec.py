"""``synvec word2vec``: word2vec.c's flags and files, so that an old script runs unchanged."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from synvec import KeyedVectors, RowError, Word2Vec, _core, formats
from synvec.cli import files, messages, option_names
from synvec.training import first_vectors

SENTENCE_END = "</s>"
"""word2vec.c's word for the end of a line: the first of its vocabulary, never trained."""

_BLOCK_ROWS = 1 << 14


@dataclass(frozen=True)
class _Flag:
    kind: type
    default: Any
    help: str


_FLAGS = {
    "train": _Flag(str, None, "the text to train on; - for stdin"),
    "output": _Flag(str, None, "where the vectors go, or the classes"),
    "size": _Flag(int, 100, "length of a vector"),
    "window": _Flag(int, 5, "farthest context, in words"),
    "sample": _Flag(float, 1e-3, "words more frequent than this share are thinned out"),
    "hs": _Flag(int, 0, "1 for hierarchical softmax"),
    "negative": _Flag(int, 5, "negatives a word"),
    "threads": _Flag(int, 12, "threads, the cores at hand at most"),
    "iter": _Flag(int, 5, "epochs"),
    "min-count": _Flag(int, 5, "rarer words are left out"),
    "alpha": _Flag(float, None, "learning rate (0.025; 0.05 for CBOW)"),
    "classes": _Flag(int, 0, "write so many classes of words instead of vectors"),
    "debug": _Flag(int, 2, "2 shows progress, 1 says less, 0 nothing"),
    "binary": _Flag(int, 0, "1 for the binary format"),
    "save-vocab": _Flag(str, None, "write the words and their counts"),
    "read-vocab": _Flag(str, None, "take words and counts from there, not from the text"),
    "cbow": _Flag(int, 1, "0 for skip-gram"),
    "accuracy": _Flag(str, None, "answer the analogies of this file, as gensim's script does"),
}

_HELP = """Usage: synvec word2vec -train FILE -output FILE [FLAG VALUE]...

  Train as word2vec.c does: its flags, defaults and files. Lines are sentences,
  however long; word2vec.c cuts them at 1,000 words.

"""


def _help() -> str:
    lines = [
        f"  {'-' + name:<13} {flag.help}"
        + (f" (default: {flag.default})" if flag.default is not None else "")
        for name, flag in _FLAGS.items()
    ]
    return _HELP + "\n".join(lines)


def _parsed(arguments: Sequence[str]) -> SimpleNamespace:
    """Return the value of every flag."""
    values = {name: flag.default for name, flag in _FLAGS.items()}
    for at in range(0, len(arguments), 2):
        # gensim's word2vec_standalone has -min_count.
        name = arguments[at].removeprefix("-").replace("_", "-")
        if not arguments[at].startswith("-") or name not in _FLAGS:
            known = " ".join(f"-{flag}" for flag in _FLAGS)
            raise click.UsageError(f"there is no flag {arguments[at]!r}; there are {known}")
        if at + 1 == len(arguments):
            raise click.UsageError(f"-{name} is without a value")
        kind = _FLAGS[name].kind
        try:
            values[name] = kind(arguments[at + 1])
        except ValueError:
            raise click.UsageError(
                f"-{name} is {arguments[at + 1]!r}, expected {_KINDS[kind]}"
            ) from None
    return SimpleNamespace(**{name.replace("-", "_"): value for name, value in values.items()})


_KINDS = {int: "a whole number", float: "a number"}


@click.command(
    "word2vec",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
    short_help="Train with word2vec.c's flags.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def word2vec(arguments: tuple[str, ...]) -> None:
    """Train with word2vec.c's flags, defaults and files."""
    if not arguments or set(arguments) & {"-h", "-help", "--help"}:
        click.echo(_help())
        return
    option_names.declare(_FLAGS_OF)
    options = _parsed(arguments)
    if options.train is None:
        raise click.UsageError("-train is missing; name the text to train on")
    _preflight(options)
    model = _with_vocabulary(options)
    _check_classes(options.classes, len(model.wv) + 1)
    if options.save_vocab is not None:
        _save_vocabulary(model, options.save_vocab)
    if options.output is None:
        return
    model.train(
        corpus_file=options.train,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=options.iter,
    )
    vectors = _with_sentence_end(model)
    if options.classes > 0:
        _save_classes(vectors, options.classes, options.output)
    else:
        formats.save_word2vec(
            options.output,
            vectors.key_table,
            vectors.vectors,
            binary=bool(options.binary),
            style="word2vec.c",
        )
    if options.debug > 0:
        messages.say(f"{len(vectors):,} words saved to {options.output}")
    if options.accuracy is not None:
        _say_accuracy(vectors, options.accuracy)


def _preflight(options: SimpleNamespace) -> None:
    """Find out now what word2vec.c finds out after the training."""
    for path in (options.train, options.read_vocab, options.accuracy):
        if path not in (None, files.STDIO):
            with Path(path).open("rb"):
                pass
    for path in (options.output, options.save_vocab):
        if path is not None:
            files.check_text_out(path, (options.train,))


def _say_accuracy(vectors: KeyedVectors, questions: str) -> None:
    score, sections = vectors.evaluate_word_analogies(questions)
    total = sections[-1]
    asked = len(total["correct"]) + len(total["incorrect"])
    messages.say(f"{score:.1%} of {asked:,} analogies of {questions}")


def _check_classes(classes: int, words: int) -> None:
    if not 0 <= classes <= words:
        raise click.UsageError(f"-classes is {classes}, expected 0 to {words}, one for each word")


_FLAGS_OF = {name.replace("-", "_"): f"-{name}" for name in _FLAGS} | {
    "vector_size": "-size", "workers": "-threads", "epochs": "-iter",
}  # fmt: skip
"""The flag of each argument; word2vec.c has other names for some than Python."""


def _untrained(options: SimpleNamespace, alpha: float) -> Word2Vec:
    """Return a model without words.

    Raises
    ------
    click.UsageError
        For a value out of range; it names the flag.
    """
    try:
        return Word2Vec(
            vector_size=options.size,
            window=options.window,
            sample=options.sample,
            hs=options.hs,
            negative=options.negative,
            workers=min(options.threads, _core.available_workers()),
            epochs=options.iter,
            min_count=options.min_count,
            alpha=alpha,
            min_alpha=alpha * 1e-4,
            sg=int(not options.cbow),
            progress=None if options.debug > 1 else False,
        )
    except ValueError as error:
        raise click.UsageError(messages.one_line(error)) from None


def _with_vocabulary(options: SimpleNamespace) -> Word2Vec:
    """Return a model that knows its words and nothing else."""
    alpha = options.alpha if options.alpha is not None else (0.05 if options.cbow else 0.025)
    model = _untrained(options, alpha)
    if options.read_vocab is None:
        model.build_vocab(corpus_file=options.train)
    else:
        counts = _read_vocabulary(options.read_vocab)
        lines = counts.pop(SENTENCE_END, 0)
        model.build_vocab_from_freq(counts, corpus_count=lines)
    return model


def _read_vocabulary(path: str) -> dict[str, int]:
    """Read a word and its count from each line.

    Raises
    ------
    RowError
        For a line that is something else.
    """
    counts: dict[str, int] = {}
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            word, _, count = line.rstrip("\r\n").rpartition(" ")
            if not word or not count.isdecimal():
                raise RowError(
                    f"{path}: line {number} is {line[:60]!r}, expected a word, a space and its "
                    "count, as -save-vocab writes them"
                )
            counts.setdefault(word, int(count))
    return counts


def _save_vocabulary(model: Word2Vec, path: str) -> None:
    assert model.wv.counts is not None  # every model has them
    counts = np.concatenate([[model.corpus_count], model.wv.counts])
    _write_pairs(path, [SENTENCE_END, *model.wv.index_to_key], counts)


def _with_sentence_end(model: Word2Vec) -> KeyedVectors:
    """Return the vectors behind that of the sentence's end, which is drawn as any first vector."""
    first = first_vectors(1, model.vector_size, model.seed) / 2  # word2vec.c's range
    keys = [SENTENCE_END, *model.wv.index_to_key]
    return KeyedVectors.from_arrays(keys, np.concatenate([first, model.wv.vectors]))


def word_classes(vectors: NDArray[np.float32], count: int, rounds: int = 10) -> NDArray[np.int64]:
    """Return the class of each row, 0 to ``count`` - 1, by k-means as word2vec.c has it.

    Centers are means scaled to length 1, a row goes to the center with the largest dot product,
    row i begins in class i modulo ``count``, and there are ``rounds`` rounds.

    Examples
    --------
    >>> word_classes(np.array([[1, 0], [0, 1], [0.9, 0.1], [0.1, 0.9]], np.float32), 2)
    array([0, 1, 0, 1])
    """
    classes = np.arange(len(vectors)) % count
    for _ in range(rounds):
        centers = np.zeros((count, vectors.shape[1]))
        np.add.at(centers, classes, vectors)
        lengths = np.linalg.norm(centers, axis=1, keepdims=True)
        centers /= np.where(lengths > 0, lengths, 1)
        narrow = centers.astype(np.float32).T
        for start in range(0, len(vectors), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            classes[block] = (vectors[block] @ narrow).argmax(axis=1)
    return classes


def _save_classes(vectors: KeyedVectors, count: int, path: str) -> None:
    _write_pairs(path, vectors.index_to_key, word_classes(vectors.vectors, count))


def _write_pairs(path: str, words: Sequence[str], numbers: NDArray[Any]) -> None:
    """Write a word and a number on each line: word2vec.c's vocabularies and classes."""
    order, numbers = np.arange(len(words)), numbers.astype(np.int64)
    _core.write_counts(
        path, _core.KeyTable(list(words)), numbers, order=order, prefix="", append=False
    )
