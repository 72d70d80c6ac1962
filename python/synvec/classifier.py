"""Telling labels from texts, with models that fastText trained; none is trained here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, Self, overload

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.classifier_report import ClassifierReport, LabelCounts
from synvec.errors import HeaderError, UnsupportedFormatError
from synvec.formats.limits import DEFAULT, Limits
from synvec.formats.sources import Source, name_of
from synvec.lines import Block, blocks_of

if TYPE_CHECKING:
    from synvec._core import FastTextArgs, FastTextParts
    from synvec.keyed_vectors import KeyedVectors


class Prediction(NamedTuple):
    """What a text was taken for; unpacks as fastText's own answer does.

    Attributes
    ----------
    labels
        At most k, the likeliest first.
    probabilities
        How likely each is, float32, 0 to 1.
    """

    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]


class Predictions(NamedTuple):
    """What each of several texts was taken for.

    Attributes
    ----------
    labels
        For each text at most k, the likeliest first.
    probabilities
        For each text how likely each of its labels is, float32, 0 to 1.
    """

    labels: list[tuple[str, ...]]
    probabilities: list[NDArray[np.float32]]


class TextClassifier:
    """A supervised fastText model, opened: it tells labels from texts, and can't be trained.

    It comes from `TextClassifier.load`, or from `synvec.load` of a file that holds one: ``.bin``,
    or product-quantised ``.ftz``. A model may be asked by any number of threads at once; batches
    use all cores, and answers don't depend on how many there are.

    Examples
    --------
    >>> model = TextClassifier.load("lid.176.ftz")  # doctest: +SKIP
    >>> model  # doctest: +SKIP
    TextClassifier<vector_size=16, 7235 words, 176 labels, hs, quantized>
    >>> labels, probabilities = model.predict("Wie spät ist es?")  # doctest: +SKIP
    >>> labels  # doctest: +SKIP
    ('__label__de',)
    """

    _parts: FastTextParts
    _core: _core.Classifier
    _wv: KeyedVectors | None

    def __init__(self) -> None:
        raise TypeError("a TextClassifier is not made but loaded; call TextClassifier.load(path)")

    @classmethod
    def load(
        cls,
        source: Source,
        *,
        encoding: str = "utf-8",
        unicode_errors: str = "strict",
        allow_nonfinite: bool = False,
        limits: Limits = DEFAULT,
    ) -> TextClassifier:
        """Open a supervised fastText model.

        Parameters
        ----------
        source
            The file (``.bin`` or ``.ftz``), or a file object open for reading bytes; compressed or
            not.
        encoding, unicode_errors
            How words and labels are decoded, as ``bytes.decode`` takes them. fastText knows bytes
            alone: n-grams of texts are those of UTF-8, whatever this says.
        allow_nonfinite
            Load NaN and infinity too.
        limits
            Bounds on what the file may ask for.

        Raises
        ------
        UnsupportedFormatError
            When the model is not supervised: it has vectors, but no labels. Or when the file is
            of another format.
        FormatError
            When the file is not what it claims to be.
        OSError
            When the system refuses.

        Examples
        --------
        >>> TextClassifier.load("lid.176.ftz").vector_size  # doctest: +SKIP
        16
        """
        from synvec.formats.fasttext import load_fasttext
        from synvec.formats.remote import readable
        from synvec.formats.sniff import require_fasttext

        with readable(source) as opened:
            loaded = load_fasttext(
                require_fasttext(opened),
                encoding=encoding,
                unicode_errors=unicode_errors,
                allow_nonfinite=allow_nonfinite,
                limits=limits,
            )
        if not isinstance(loaded, TextClassifier):
            raise UnsupportedFormatError(
                f"{name_of(source)}: a fastText model without labels; open its vectors with"
                " KeyedVectors.load"
            )
        return loaded

    @classmethod
    def of_file(cls, parts: FastTextParts, name: str) -> Self:
        """Build a classifier from the parts of a file.

        Raises
        ------
        HeaderError
            When the parts don't go together.
        """
        try:
            return cls.from_parts(parts)
        except ValueError as error:
            raise HeaderError(f"{name} (fastText model): {error}") from None

    @classmethod
    def from_parts(cls, parts: FastTextParts) -> Self:
        """Build a classifier from what a file holds, as `synvec._core.read_fasttext` reads it.

        The arrays are taken as they are, and are read-only from then on.

        Raises
        ------
        ValueError
            When the parts don't go together.
        """
        made = cls.__new__(cls)
        made._parts, made._wv = parts, None
        args, labels = parts["args"], _core.KeyTable(parts["labels"])
        if args["model"] != "supervised" or parts["output"] is None:
            raise ValueError(f"the model is {args['model']}, expected supervised, with its output")
        if len(labels) != len(parts["labels"]):
            raise ValueError("a label stands there twice, expected each once")
        for matrix in (parts["input"], parts["output"]):
            for array in [matrix] if isinstance(matrix, np.ndarray) else matrix.values():
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False
        made._core = _core.Classifier(
            parts["words"],
            labels,
            parts["label_counts"],
            parts["input"],
            parts["output"],
            loss=args["loss"],
            word_ngrams=args["word_ngrams"],
            min_n=args["minn"],
            max_n=args["maxn"],
            bucket=args["bucket"],
            kept=parts["ngram_buckets"],
        )
        return made

    # --- what there is --------------------------------------------------------------------------

    @property
    def vector_size(self) -> int:
        """D, the length of a vector."""
        return self._parts["args"]["dim"]

    @property
    def labels(self) -> list[str]:
        """The labels as they stand in the file, the most frequent first: ``__label__en``."""
        return list(self._parts["labels"])

    @property
    def label_counts(self) -> NDArray[np.uint64]:
        """How often each label occurred in training, in the order of `labels`."""
        return self._parts["label_counts"]

    @property
    def words(self) -> list[str]:
        """The words that have a row of their own, the most frequent first."""
        return self._parts["words"].keys()

    @property
    def is_quantized(self) -> bool:
        """Whether the vectors are product-quantised, as in ``.ftz`` files."""
        return not isinstance(self._parts["input"], np.ndarray)

    @property
    def args(self) -> FastTextArgs:
        """How the model was trained: ``loss``, ``word_ngrams``, ``minn`` and the others."""
        return self._parts["args"].copy()

    @property
    def wv(self) -> KeyedVectors:
        """The vectors of `words`, V × D; made when first asked for.

        Each is the mean of the word's own row and of those of its n-grams of characters. Of a
        dense model with such n-grams it is a `FastTextKeyedVectors`, which makes vectors of other
        words, too; `get_word_vector` makes them of any model.
        """
        if self._wv is None:
            self._wv = self._make_vectors()
        return self._wv

    def _make_vectors(self) -> KeyedVectors:
        rows = self._parts["input"]
        if self._parts["args"]["maxn"] > 0 and isinstance(rows, np.ndarray):
            from synvec.formats.fasttext import vectors_of_parts

            return vectors_of_parts(self._parts, rows)
        from synvec.keyed_vectors import KeyedVectors

        table = self._parts["words"]
        return KeyedVectors.from_arrays(
            table, self._core.word_vectors(table.keys()), counts=self._parts["counts"]
        )

    def __repr__(self) -> str:
        quantized = ", quantized" if self.is_quantized else ""
        words, labels = len(self._parts["words"]), len(self._parts["labels"])
        return (
            f"{type(self).__name__}<vector_size={self.vector_size}, {words} words, "
            f"{labels} labels, {self._parts['args']['loss']}{quantized}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_parts, (self._parts,)

    # --- what is asked --------------------------------------------------------------------------

    # A str is an iterable of str, too; the first signature that fits is taken.
    @overload
    def predict(  # type: ignore[overload-overlap]
        self, text: str, k: int = 1, threshold: float = 0.0
    ) -> Prediction: ...
    @overload
    def predict(self, text: Iterable[str], k: int = 1, threshold: float = 0.0) -> Predictions: ...
    def predict(
        self, text: str | Iterable[str], k: int = 1, threshold: float = 0.0
    ) -> Prediction | Predictions:
        """Tell the likeliest labels of a text, or of each of several.

        The answers are those of fastText's ``predict``: the same labels in the same order, and the
        same numbers up to rounding, except that nothing is more likely than 1 (fastText, which adds
        0.00001 before it takes a logarithm, may say 1.00001).

        Parameters
        ----------
        text
            A line of text; or lines, which are worked on by all cores.
        k
            How many labels at most; -1 for all.
        threshold
            Leave out labels less likely than this.

        Returns
        -------
        Prediction or Predictions
            Labels and probabilities; none for a text of which nothing is known. Of a model with
            softmax or hierarchical softmax (``hs``) the probabilities of all labels add up to
            about 1; with ``ova`` and ``ns`` each stands for itself.

        Raises
        ------
        ValueError
            For a text that holds a newline, or a ``k`` that is neither positive nor -1.
        NonFiniteError
            When the weights of the model are so large that their sums overflow.

        Examples
        --------
        >>> model.predict("Wie spät ist es?", k=2)  # doctest: +SKIP
        Prediction(labels=('__label__de', '__label__nl'), probabilities=array([0.99, 0.01], ...))
        >>> model.predict(["Bonjour", "Good morning"]).labels  # doctest: +SKIP
        [('__label__fr',), ('__label__en',)]
        """
        asked = self._asked(k, threshold)
        texts = [text] if isinstance(text, str) else _as_list(text)
        found = self._named(*self._core.predict(texts, **asked))
        if isinstance(text, str):
            return Prediction(found.labels[0], found.probabilities[0])
        return found

    def predict_block(self, block: Block, k: int = 1, threshold: float = 0.0) -> Predictions:
        """Tell the likeliest labels of each line of a block of bytes, as `predict` does."""
        asked = self._asked(k, threshold)
        return self._named(
            *self._core.predict_lines(
                block.data, name=block.name, first_line=block.first_line, **asked
            )
        )

    def test(
        self,
        lines: str | PathLike[str] | Iterable[str],
        k: int = 1,
        threshold: float = 0.0,
    ) -> ClassifierReport:
        """Hold predictions against lines whose labels are known.

        Parameters
        ----------
        lines
            The path of a text (compressed or not), or lines: on each the labels and the text, as
            for training: ``__label__en Good morning``. Lines without a label that the model knows
            are skipped, as fastText skips them, and counted.
        k
            Predict so many labels a line at most; -1 for all.
        threshold
            Predict no label less likely than this.

        Returns
        -------
        ClassifierReport
            Precision, recall and F1, of all labels together and of each.

        Raises
        ------
        EncodingError
            For a line that is no UTF-8.
        OSError
            When the system refuses.

        Examples
        --------
        >>> model.test(["__label__en Good morning", "__label__fr Bonjour"])  # doctest: +SKIP
        ClassifierReport<2 examples, precision=1.0000, recall=1.0000, f1=1.0000>
        """
        return self.test_blocks(blocks_of(lines), k, threshold)

    def test_blocks(
        self, blocks: Iterable[Block], k: int = 1, threshold: float = 0.0
    ) -> ClassifierReport:
        """Hold predictions against lines that come in blocks of bytes, as `test` does."""
        asked = self._asked(k, threshold)
        examples = skipped = 0
        counts = np.zeros((len(self._parts["labels"]), 3), dtype=np.uint64)
        for block in blocks:
            found = self._core.test_lines(
                block.data, name=block.name, first_line=block.first_line, **asked
            )
            examples, skipped, counts = examples + found[0], skipped + found[1], counts + found[2]
        rows = zip(self._parts["labels"], counts.tolist(), strict=True)
        return ClassifierReport(
            k=k,
            threshold=threshold,
            examples=examples,
            skipped=skipped,
            labels={label: LabelCounts(*row) for label, row in rows},
        )

    def get_sentence_vector(self, text: str | Iterable[str]) -> NDArray[np.float32]:
        """Return the vector that a text's labels are told from: the mean of all its rows.

        Parameters
        ----------
        text
            A line of text; or N lines.

        Returns
        -------
        numpy.ndarray
            D float32 numbers, or N × D; zeros for a text of which nothing is known.

        Raises
        ------
        ValueError
            For a text that holds a newline.

        Examples
        --------
        >>> model.get_sentence_vector("Wie spät ist es?").shape  # doctest: +SKIP
        (16,)
        """
        if isinstance(text, str):
            row: NDArray[np.float32] = self._core.text_vectors([text])[0]
            return row
        return self._core.text_vectors(_as_list(text))

    def get_word_vector(self, word: str) -> NDArray[np.float32]:
        """Return the vector of a word, known or not.

        Parameters
        ----------
        word
            Any word.

        Returns
        -------
        numpy.ndarray
            D float32 numbers: the mean of the word's own row and of those of its n-grams of
            characters; zeros when it has none of them.

        Examples
        --------
        >>> model.get_word_vector("spät").shape  # doctest: +SKIP
        (16,)
        """
        row: NDArray[np.float32] = self._core.word_vectors([word])[0]
        return row

    # --- inside ---------------------------------------------------------------------------------

    def _asked(self, k: int, threshold: float) -> dict[str, Any]:
        if isinstance(k, bool) or not isinstance(k, int | np.integer):
            raise TypeError(f"k is {k!r}, expected an integer")
        if k != -1 and k < 1:
            raise ValueError(f"k is {k}, expected at least 1, or -1 for all labels")
        if math.isnan(threshold):
            raise ValueError("threshold is NaN, expected a number from 0 to 1")
        labels = len(self._parts["labels"])
        return {"k": labels if k == -1 else min(int(k), labels), "threshold": threshold}

    def _named(
        self,
        labels: NDArray[np.uint32],
        probabilities: NDArray[np.float32],
        ends: NDArray[np.int64],
    ) -> Predictions:
        names, known = labels.tolist(), self._parts["labels"]
        places: list[int] = [0, *ends.tolist()]
        spans = list(pairwise(places))
        return Predictions(
            [tuple([known[index] for index in names[start:end]]) for start, end in spans],
            [probabilities[start:end] for start, end in spans],
        )


def _as_list(texts: Iterable[str]) -> list[str]:
    if isinstance(texts, bytes | bytearray) or not isinstance(texts, Iterable):
        raise TypeError(f"expected a str or an iterable of str, not {type(texts).__name__}")
    return texts if isinstance(texts, list) else list(texts)
