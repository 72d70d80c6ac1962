"""Types of the native module."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from synvec.formats.limits import Limits
from synvec.formats.sources import BinaryWriter, Source, Target
from synvec.key_types import KeyT

__version__: str

def available_workers() -> int:
    """Return the cores this process may use (affinity and cgroup quota respected)."""

def checksum(bytes: NDArray[np.uint8]) -> int:
    """Return the xxh3-64 of a contiguous array of bytes, as native files have it."""

class KeyTable(Generic[KeyT]):
    """Distinct keys by index and indices by key, in memory or in a mapped file alike.

    All keys are strings, or all are integers of 64 bits; the first one decides.

    Parameters
    ----------
    keys
        The keys in order; of equal ones the first is kept.

    Raises
    ------
    TypeError
        When a key is neither a ``str`` nor an integer, or of another kind than those before.
    ValueError
        When a key holds a lone surrogate, which UTF-8 cannot hold, or is beyond 64 bits.

    Examples
    --------
    >>> table = KeyTable(["socket", "year"])
    >>> table.index("year"), table.index("month")
    (1, -1)
    """

    def __init__(self, keys: Iterable[KeyT] = ()) -> None: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object) -> bool:
        """Whether both hold the same keys in the same order."""
    def __copy__(self) -> KeyTable[KeyT]: ...
    def __deepcopy__(self, memo: object, /) -> KeyTable[KeyT]: ...
    @staticmethod
    def from_blob(
        key_bytes: bytes, key_offsets: NDArray[np.uint64], key_type: str = "str"
    ) -> KeyTable[Any]:
        """Build a table from UTF-8 text and V + 1 offsets; ValueError for damage or duplicates."""
    @property
    def key_type(self) -> Literal["str", "int"]:
        """What the keys are: ``"str"`` where there are none."""
    @property
    def nbytes(self) -> int:
        """Bytes that the table takes up, in memory or in its file."""
    def index(self, key: str | int | np.integer[Any]) -> int:
        """Return the index of ``key``; -1 when it is absent: the string "7" among integers, too."""
    def indices(self, keys: Iterable[str | int | np.integer[Any]]) -> NDArray[np.int64]:
        """Return the index of each key; -1 for those that are absent."""
    def key(self, index: int) -> KeyT:
        """Return the key at ``index``; IndexError outside 0 to V - 1."""
    def keys(self, start: int = 0, stop: int | None = None) -> list[KeyT]:
        """Return the keys of ``[start:stop]`` as a slice of a list would."""
    def text(self, start: int = 0, stop: int | None = None) -> tuple[bytes, NDArray[np.int64]]:
        """Return the keys of ``[start:stop]`` as UTF-8, one after another, and N + 1 offsets.

        They begin at 0; key ``i`` ends where the next begins.
        """
    def keys_at(self, indices: NDArray[np.int64]) -> list[KeyT]:
        """Return the key at each index; IndexError outside 0 to V - 1."""
    def checked(self, keys: Iterable[object]) -> list[KeyT]:
        """Return keys as they would be kept: NumPy's integers as Python's.

        TypeError or ValueError for one that would not be, here or after those before it.
        """
    def texts(self) -> KeyTable[str]:
        """Return a table of the keys as text: integers in decimal digits."""
    def extend(self, keys: Iterable[KeyT]) -> NDArray[np.int64]:
        """Add the keys that are new; return the index of each, new or not.

        ValueError or TypeError for a bad key leaves the table as it was.
        """
    def take(self, order: NDArray[np.int64]) -> KeyTable[KeyT]:
        """Return a table of the keys at ``order``, in that order, each at most once."""
    def copy(self) -> KeyTable[KeyT]:
        """Return an independent table; nothing is copied until one of the two grows."""

class TrainConfig:
    """Every hyper-parameter of training, checked once; ``ValueError`` names the argument."""

    def __init__(
        self,
        *,
        sg: bool,
        vector_size: int,
        window: int,
        shrink_windows: bool,
        hs: bool,
        negative: int,
        ns_exponent: float,
        sample: float,
        cbow_mean: bool,
        cbow_corrected: bool,
        shared_negatives: bool,
        deterministic: bool,
        alpha: float,
        min_alpha: float,
        epochs: int,
        workers: int,
        seed: int,
        compute_loss: bool,
    ) -> None: ...

class Matrix:
    """A float32 matrix that training can spread out in place and NumPy sees as a dense array."""

    def __init__(self, rows: int, columns: int) -> None: ...
    @property
    def array(self) -> NDArray[np.float32]:
        """The values, rows × columns, over this matrix's memory; askew while it is trained."""

class ScannedCorpus:
    """A corpus that was read once; it can be encoded by any vocabulary, as often as needed."""

    @property
    def sentences(self) -> int:
        """Sentences: lines of files, blank ones too, or what was handed over."""
    @property
    def raw_words(self) -> int:
        """Words in all."""
    @property
    def invalid_words(self) -> int:
        """How many of the words that were read were not valid UTF-8."""
    @property
    def distinct(self) -> int:
        """How many distinct words there are."""
    @property
    def counts(self) -> NDArray[np.uint64]:
        """A copy of the count of each distinct word, in order of first sight."""
    @property
    def keys(self) -> KeyTable[Any]:
        """A copy of the distinct words, in order of first sight."""
    def vocabulary(
        self, min_count: int, sorted_vocab: bool = True
    ) -> tuple[KeyTable[Any], NDArray[np.uint64]]:
        """Return the words that occur at least ``min_count`` times, and their counts.

        They come by falling count, of equal counts the later one first; or as first seen.
        """
    def encode(self, keys: KeyTable[Any]) -> EncodedCorpus:
        """Return the corpus in the ids of ``keys``, any table; words outside it are dropped.

        TypeError when its words are integers and the keys are strings, or the other way round.
        """

class PhraseModel:
    """Counts of words and of pairs of them."""

    def __init__(self, connectors: list[str], max_pairs: int) -> None: ...
    def add(self, corpus: ScannedCorpus, workers: int | None = None) -> None:
        """Count a corpus on top of what was counted before."""
    def words(self) -> tuple[KeyTable, NDArray[np.uint64]]:
        """Return every word, in order of first sight, and its count."""
    @property
    def total_words(self) -> int:
        """Words read."""
    @property
    def distinct(self) -> int:
        """Distinct words, connectors left out, and pairs."""
    def scored(
        self, scoring: str, min_count: float, threshold: float, delimiter: str
    ) -> tuple[list[str], NDArray[np.uint64], NDArray[np.float64]]:
        """Return the pairs above a score, the best first: as they read, counts and scores."""
    def pairs(self, min_count: int) -> dict[str, NDArray[Any]]:
        """Return the pairs that occur at least ``min_count`` times as arrays.

        ``first`` and ``last`` are indices of words, ``count`` their counts; the words ``between``
        those of pair i lie from ``offsets[i]`` to ``offsets[i + 1]``.
        """
    @staticmethod
    def from_parts(
        connectors: list[str],
        max_pairs: int,
        *,
        keys: KeyTable,
        counts: NDArray[np.uint64],
        total_words: int,
        first: NDArray[np.uint32],
        last: NDArray[np.uint32],
        count: NDArray[np.uint64],
        between: NDArray[np.uint32],
        offsets: NDArray[np.uint64],
    ) -> PhraseModel:
        """Return a model of counts made elsewhere, as `words` and `pairs` give them."""

class PhraseSet:
    """Phrases to be found in corpora."""

    def __init__(self, phrases: KeyTable, delimiter: str, connectors: list[str]) -> None: ...
    def apply(self, corpus: ScannedCorpus) -> ScannedCorpus:
        """Return the corpus with phrases in the place of their words."""

class TextReader:
    """The bytes of a text, unfolded where it is compressed, without a byte order mark."""

    def __init__(self, source: object) -> None:
        """Open a path, or read from a file object that is open for bytes."""
    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes; fewer at the end alone."""

def scan_files(
    sources: Sequence[object],
    *,
    workers: int,
    spool_bytes: int,
    spool_dir: str | None,
    tokenize: Literal["whitespace", "words"],
    lowercase: bool,
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> ScannedCorpus:
    """Read files once, with the interpreter lock released.

    A source is a path, ``-`` for standard input, or a file object that is open for reading bytes.
    """

def write_text(corpus: ScannedCorpus, target: object) -> None:
    """Write a corpus as text: a sentence a line, words separated by spaces."""

class SentenceBatch:
    """Many sentences at once, as places in one text."""

    def __init__(
        self,
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        word_offsets: NDArray[np.int64],
        text: NDArray[np.uint8],
        valid: NDArray[np.bool_] | None = None,
        are_texts: bool = False,
    ) -> None:
        """Take the arrays as they are; they are read, and checked, when the batch is scanned.

        Sentence i is the words ``starts[i]`` to ``ends[i]``, word j the bytes
        ``text[word_offsets[j] : word_offsets[j + 1]]``; a word that is not valid is null.
        With ``are_texts`` each "word" is a text, whose words the scan finds.
        """

def scan_sentences(
    sentences: Iterable[object],
    *,
    spool_bytes: int,
    spool_dir: str | None,
    tokenize: Literal["whitespace", "words"] | None,
    lowercase: bool,
    batches: Callable[[Any], Iterable[SentenceBatch | NDArray[np.integer[Any]]] | None],
    warn: Callable[[str], object],
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> ScannedCorpus:
    """Take sentences once, one call for all.

    With ``tokenize`` every sentence is a str, or a batch of texts. ``batches`` is asked for the
    batches in a sentence that is no list, tuple or str, and answers None if it is a sentence;
    ``warn`` is called for the first that is a str without being asked for.
    """

class EncodedCorpus:
    """A corpus as ids of a vocabulary."""

    @staticmethod
    def from_ids(ids: Sequence[int], sentences: int, raw_words: int) -> EncodedCorpus:
        """Build a corpus from ids, 0xFFFFFFFF closing each sentence."""
    @property
    def sentences(self) -> int:
        """Sentences as they were handed over, empty ones included."""
    @property
    def raw_words(self) -> int:
        """Tokens as they were handed over, those outside the vocabulary included."""
    @property
    def words(self) -> int:
        """Tokens in the vocabulary."""
    def checksum(self) -> int:
        """Return the xxh3-64 of the ids: two corpora of one checksum train alike."""
    @property
    def ids(self) -> NDArray[np.uint32]:
        """A copy of the ids; 0xFFFFFFFF closes each sentence."""

_EpochRow = tuple[int, int, float, float]
_Reached = tuple[int, int, list[_EpochRow], _EpochRow]

class CheckpointFolder:
    """A folder of checkpoints, this process's alone until it is closed."""

    def __init__(self, path: str) -> None: ...
    def close(self) -> None:
        """Let another process have the folder."""
    def count(self) -> int:
        """Return how many checkpoints there are, whole or not."""
    def newest(self) -> tuple[os.PathLike[str], _Reached, str, list[str]] | None:
        """Return the newest whole one: model file, how far, state, and what is wrong with newer."""
    def save_ids(self, corpus: EncodedCorpus) -> int:
        """Keep the ids of a corpus that cannot be read again; return their checksum."""
    def open_ids(
        self,
        checksum: int,
        sentences: int,
        raw_words: int,
        *,
        spool_bytes: int,
        spool_dir: str | None,
    ) -> EncodedCorpus:
        """Take over what `save_ids` has kept, into memory or a temporary file."""

class Keeping:
    """What one call into the core keeps, where, and how often."""

    def __init__(
        self,
        folder: CheckpointFolder,
        keys: KeyTable,
        counts: NDArray[np.uint64],
        *,
        model: str,
        state: str,
        warn: Callable[[str], object],
        total_epochs: int,
        seconds: float | None = None,
        epochs: int | None = None,
        epochs_before: int = 0,
    ) -> None: ...
    def keep(
        self,
        config: TrainConfig,
        reached: _Reached,
        input_vectors: Matrix,
        output_vectors: Matrix | None = None,
        output_nodes: Matrix | None = None,
        *,
        progress: Callable[[dict[str, Any]], object] | None = None,
    ) -> None:
        """Keep a model that is not being trained."""

def train(
    config: TrainConfig,
    corpus: EncodedCorpus,
    counts: NDArray[np.uint64],
    input_vectors: Matrix,
    output_vectors: Matrix | None = None,
    output_nodes: Matrix | None = None,
    *,
    locks: NDArray[np.float32] | None = None,
    epochs_before: int = 0,
    raw_words_before: int = 0,
    total_raw_words: int | None = None,
    block_ids: int = 8192,
    reached: _Reached | None = None,
    keeping: Keeping | None = None,
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> list[tuple[int, int, float, float]]:
    """Train all epochs in place; return (raw words, trained words, loss, seconds) of each."""

def score(
    config: TrainConfig,
    ids: NDArray[np.uint32],
    offsets: NDArray[np.uint64],
    counts: NDArray[np.uint64],
    input_vectors: NDArray[np.float32],
    output_nodes: NDArray[np.float32],
) -> list[float]:
    """Return the log probability of each sentence, ``ids[offsets[i] : offsets[i + 1]]``."""

def instruction_set() -> str:
    """Return the instruction set that training uses: scalar, avx2, avx512 or neon."""

def nearest(
    vectors: NDArray[np.float32] | NDArray[np.float16] | NDArray[np.int8],
    norms: NDArray[np.float32],
    queries: NDArray[np.float32],
    wanted: int,
    *,
    start: int = 0,
    end: int | None = None,
    rows: NDArray[np.uint32] | None = None,
    excluded: list[list[int]] | None = None,
    sums: tuple[NDArray[np.uint32], NDArray[np.float32]] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows and cosines of the nearest of each query: score descending, then row; NaN last.

    ``rows``, ascending, are the only ones that may answer; ``excluded`` has, for each query,
    ascending, those that may not. Where fewer were found than for others the row is -1.
    ``norms`` are what dot products are divided by; float16 rows must be finite. ``sums`` (which
    queries, and their weights, Q × K each) asks for weighted sums of queries instead, whose
    products with a row are made once for all of them.
    """

def cosines(
    vectors: NDArray[np.float32],
    norms: NDArray[np.float32],
    query: NDArray[np.float32],
    *,
    start: int = 0,
    end: int | None = None,
) -> NDArray[np.float32]:
    """The cosine of a unit vector with each row of a range; 0 for zero rows."""

def row_norms(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The Euclidean length of each row, summed in float64."""

class Subwords:
    """How words are cut into n-grams of characters, and which buckets these have.

    Parameters
    ----------
    min_n, max_n
        Characters of the shortest and of the longest n-gram, ``<`` and ``>`` around the word among
        them.
    bucket
        How many buckets n-grams are hashed into; 0 for no n-grams.
    compatible_hash
        Whether bytes are hashed, as fastText does; else code points, as gensim did before 3.8.
    kept
        The buckets that have a row, ascending; all of them by default.
    """

    def __init__(
        self,
        min_n: int,
        max_n: int,
        bucket: int,
        compatible_hash: bool = True,
        kept: NDArray[np.uint32] | None = None,
    ) -> None: ...
    @property
    def min_n(self) -> int: ...
    @property
    def max_n(self) -> int: ...
    @property
    def bucket(self) -> int: ...
    @property
    def compatible_hash(self) -> bool: ...
    @property
    def kept(self) -> NDArray[np.uint32] | None: ...
    @property
    def rows(self) -> int:
        """Rows that a matrix of n-grams must have: ``bucket``, or as many as are kept."""
    def buckets(self, words: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Return the buckets of all n-grams, and N + 1 places: where each word's begin and end."""
    def means(
        self, words: Sequence[str], ngram_vectors: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
        """Return for each word the mean of its n-grams' rows, N × D, and of how many it is."""
    def word_vectors(
        self,
        keys: KeyTable,
        own_vectors: NDArray[np.float32],
        ngram_vectors: NDArray[np.float32],
        positions: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float32]:
        """Return the mean of a key's own row and of its n-grams', for all keys or those given.

        The interpreter lock is released, the cores share the work, Ctrl-C ends it.
        """

class FastTextArgs(TypedDict):
    """How a fastText model was trained, under fastText's own names."""

    version: Literal[0, 11, 12]
    """0 for the older layout, which has no number."""
    dim: int
    ws: int
    epoch: int
    min_count: int
    neg: int
    word_ngrams: int
    loss: Literal["hs", "ns", "softmax", "ova"]
    model: Literal["cbow", "skipgram", "supervised"]
    bucket: int
    minn: int
    maxn: int
    """0 in a supervised model before version 12, which had no n-grams, whatever the file says."""
    lr_update_rate: int
    t: float

class QuantizedMatrix(TypedDict):
    """A product-quantised matrix of M rows and D columns, P parts of ``part_size`` columns each.

    The last part has the columns that are left. Row ``m`` is made of the centroids
    ``codes[m, 0]`` … ``codes[m, P - 1]``, times ``norm_centroids[norm_codes[m]]`` where there are
    norms. Centroid ``c`` of part ``p``, of width ``w``, begins at
    ``centroids[256 * part_size * p + w * c]``.
    """

    size: int
    part_size: int
    codes: NDArray[np.uint8]
    centroids: NDArray[np.float32]
    norm_codes: NDArray[np.uint8] | None
    norm_centroids: NDArray[np.float32] | None

class FastTextParts(TypedDict):
    """What a fastText model consists of.

    The V words that were taken and the L labels are in the order of their rows. ``input`` has V
    rows of words, then N of n-grams: row V + b belongs to bucket b, with N = ``args["bucket"]``;
    or, in a model that was pruned, row V + k to bucket ``ngram_buckets[k]``, and the other buckets
    have none and are left out of a word's mean. ``output`` has L rows in a supervised model, V in
    another; None when it was not asked for.
    """

    args: FastTextArgs
    words: KeyTable
    counts: NDArray[np.uint64]
    labels: list[str]
    label_counts: NDArray[np.uint64]
    tokens: int
    duplicates: int
    """Words that had come before, as decoded; the first was kept, the rows of others left out."""
    ngram_buckets: NDArray[np.uint32] | None
    input: NDArray[np.float32] | QuantizedMatrix
    output: NDArray[np.float32] | QuantizedMatrix | None

class Classifier:
    """A supervised fastText model of V words, L labels and D columns, made for asking.

    The parts are those of `FastTextParts`; the arrays are kept as they are. A text is a line: what
    holds a newline is a `ValueError`. The interpreter lock is released, the cores share the work of
    a batch, Ctrl-C ends it. Sums that overflow are a `NonFiniteError`.
    """

    def __init__(
        self,
        words: KeyTable,
        labels: KeyTable,
        label_counts: NDArray[np.uint64],
        input: NDArray[np.float32] | QuantizedMatrix,
        output: NDArray[np.float32] | QuantizedMatrix,
        *,
        loss: Literal["hs", "ns", "softmax", "ova"],
        word_ngrams: int,
        min_n: int,
        max_n: int,
        bucket: int,
        kept: NDArray[np.uint32] | None,
    ) -> None: ...
    def predict(
        self, texts: list[str], *, k: int, threshold: float
    ) -> tuple[NDArray[np.uint32], NDArray[np.float32], NDArray[np.int64]]:
        """Return labels and probabilities, text after text, and where those of each text end."""
    def predict_lines(
        self, block: bytes, *, k: int, threshold: float, name: str, first_line: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.float32], NDArray[np.int64]]:
        """Predict each line of a block of UTF-8; the last one may lack its newline."""
    def test_lines(
        self, block: bytes, *, k: int, threshold: float, name: str, first_line: int
    ) -> tuple[int, int, NDArray[np.uint64]]:
        """Return lines asked and skipped, and L × 3: labels that stood there, predicted, both."""
    def text_vectors(self, texts: list[str]) -> NDArray[np.float32]:
        """Return N × D: what labels are told from."""
    def word_vectors(self, words: list[str]) -> NDArray[np.float32]:
        """Return N × D: the mean of each word's own row and its n-grams'."""

def read_fasttext(
    source: Source,
    *,
    encoding: str,
    errors: str,
    limit: int | None,
    with_output: bool | None,
    allow_nonfinite: bool,
    limits: Limits,
) -> FastTextParts:
    """Read Facebook's ``.bin`` or ``.ftz`` of version 11 or 12 or of the older layout.

    ``limit`` takes the first words alone (and every n-gram). ``with_output`` says whether the
    output matrix is wanted, None that it is in a supervised model alone; one that isn't is checked
    for its size and passed over, in an uncompressed file without reading it.
    """

def write_fasttext(
    target: Target,
    keys: KeyTable[Any],
    own_vectors: NDArray[np.float32],
    ngram_vectors: NDArray[np.float32],
    *,
    counts: NDArray[np.uint64] | None,
    min_n: int,
    max_n: int,
    allow_nonfinite: bool,
) -> None:
    """Write a ``.bin`` of version 12; see `synvec.formats.fasttext.export_fasttext`."""

def read_vectors(
    source: Source,
    layout: str,
    *,
    dtype: str,
    limit: int | None,
    count_actual: bool,
    allow_nonfinite: bool,
    encoding: str,
    errors: str,
    limits: Limits,
) -> tuple[KeyTable, NDArray[Any], int, tuple[int, int] | None]:
    """Read word2vec or GloVe rows; see `synvec.formats.load_word2vec`.

    Returns the keys, V × D vectors, the rows dropped because their key had come before, and, when
    the rows were believed, the header's number of rows and the real one if they differ.
    """

def read_counts(
    source: Source, keys: KeyTable[Any], encoding: str, errors: str, limits: Limits
) -> tuple[NDArray[np.uint64], int]:
    """Read a count for each key, 0 where there is none, and how many have none."""

def write_counts(
    target: Target,
    keys: KeyTable[Any],
    counts: NDArray[np.int64],
    *,
    order: NDArray[np.int64],
    prefix: str,
    append: bool,
) -> None:
    """Write a key and its count on each line."""

def write_vectors(
    target: Target,
    keys: KeyTable[Any],
    vectors: NDArray[Any],
    *,
    layout: str,
    style: str,
    order: NDArray[np.int64] | None,
    prefix: str,
    total: int | None,
    has_header: bool,
    append: bool,
    allow_nonfinite: bool,
) -> None:
    """Write word2vec or GloVe rows; see `synvec.formats.save_word2vec`."""

def save_native(
    target: Target,
    keys: KeyTable[Any],
    vectors: NDArray[np.float32],
    *,
    norms: NDArray[np.float32] | None,
    counts: NDArray[np.uint64] | None,
    output_vectors: NDArray[np.float32] | None,
    output_nodes: NDArray[np.float32] | None,
    own_vectors: NDArray[np.float32] | None,
    ngram_vectors: NDArray[np.float32] | None,
    ngram_buckets: NDArray[np.uint32] | None,
    config: str | None,
    allow_nonfinite: bool,
) -> None:
    """Save a native file; see `synvec.formats.save_native`."""

def save_phrases(
    target: Target,
    keys: KeyTable[Any],
    config: str,
    *,
    scores: NDArray[np.float64] | None = None,
    counts: NDArray[np.uint64] | None = None,
    count: NDArray[np.uint64] | None = None,
    offsets: NDArray[np.uint64] | None = None,
    first: NDArray[np.uint32] | None = None,
    last: NDArray[np.uint32] | None = None,
    between: NDArray[np.uint32] | None = None,
) -> None:
    """Save a native file of phrases: chosen ones with ``scores``, else what was counted.

    The others are the arrays of `PhraseModel.words` and `PhraseModel.pairs`.
    """

def open_native(source: Source, writable: bool, limits: Limits) -> dict[str, Any]:
    """Map a native file; the fields of `synvec.formats.NativeParts` but for the path.

    Of a file of phrases: ``keys``, ``kind``, ``config``, and ``scores`` or ``counts`` and the
    arrays ``pair_counts``, ``pair_offsets``, ``pair_first``, ``pair_last``, ``pair_between``.
    """

def verify_native(source: Source, limits: Limits) -> tuple[int, int, int, bool, str]:
    """Check every checksum of a native file, and all that was proven when it was saved.

    Returns V, D, how many tensors match their checksums, whether all is finite, and the kind.
    """

def unfolded_head(head: bytes, name: str) -> bytes:
    """Return what the first bytes of a file unfold to, themselves when not compressed."""

def unfold(source: Source, target: BinaryWriter, limits: Limits) -> None:
    """Copy what a source holds, unfolded if it is compressed, to a file object."""

def write_blocks(target: Target, blocks: Iterable[bytes]) -> None:
    """Write blocks as every file is written: whole or not at all, compressed as its name ends."""

def read_unfolded(source: Source, limits: Limits) -> bytes:
    """Return all bytes of a file, unfolded where it is compressed."""
