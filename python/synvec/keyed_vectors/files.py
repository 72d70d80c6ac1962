"""Opening and saving: thin calls into `synvec.formats`, which is imported when it is needed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal, Unpack, cast

import numpy as np
from numpy.typing import DTypeLike

from synvec.arguments import NO_PICKLE, with_known_arguments
from synvec.key_types import KeyT
from synvec.keyed_vectors.store import VectorStore

if TYPE_CHECKING:
    from synvec.formats.limits import Limits
    from synvec.formats.opening import LoadOptions
    from synvec.formats.sources import Source, Target
    from synvec.formats.word2vec import Count
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors


class Files(VectorStore[KeyT]):
    """To and from files."""

    @classmethod
    def load(
        cls,
        fname: Source,
        mmap: Literal["c", "r"] | None = None,
        *,
        limits: Limits | None = None,
        **options: Unpack[LoadOptions],
    ) -> KeyedVectors:
        """Open a file of vectors of any format; it is recognised by content.

        Parameters
        ----------
        fname
            The file or folder, a URL of a file (``pip install synvec[remote]``), or a file object
            open for reading bytes.
        mmap
            ``"r"`` maps a native file read-only, and writes raise `ValueError`; by default the
            vectors can be written to and the file stays as it is.
        limits
            Bounds on what the file may ask for; `synvec.Limits()` by default.
        **options
            As the format's reader takes them (``docs/formats.md``): ``load_word2vec_format``'s for
            text and word2vec's binary, ``keys=`` for formats without keys; a native file takes
            none.

        Returns
        -------
        KeyedVectors
            For a file that holds a full model, the `Word2Vec` itself, as in gensim; its vectors are
            its ``wv``, as those of what comes of gensim's ``Doc2Vec``. For a floret table,
            `FloretVectors`, unless ``keys=`` are given.

        Raises
        ------
        FormatError
            When the file is not what it claims to be, or of a format that is not read.
        OSError
            When the system refuses.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[1, 0], [0, 1]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     kv.save(pathlib.Path(folder, "vectors.kv"))
        ...     again = KeyedVectors.load(pathlib.Path(folder, "vectors.kv"))
        >>> again["year"]
        array([0., 1.], dtype=float32)
        """
        from synvec import formats
        from synvec.phrases import FrozenPhrases, Phrases

        # A full model comes back whole, as in gensim. The type says what the call is for: a union
        # would make everyone who opens vectors prove that they aren't a model.
        limits = limits or formats.Limits()
        loaded = formats.load(fname, mmap=mmap, limits=limits, **options)
        if isinstance(loaded, Phrases | FrozenPhrases):
            formats.vectors_of(loaded)  # says what it is instead
        return cast("KeyedVectors", loaded)

    @with_known_arguments(**NO_PICKLE)
    def save(self, fname_or_handle: Target, *, allow_nonfinite: bool = False) -> None:
        """Save in synvec's own format, which opens in milliseconds whatever its size.

        The new file takes the place of an old one once it is whole.

        Parameters
        ----------
        fname_or_handle
            The file, usually ending in ``.kv``, or a file object open for writing bytes.
        allow_nonfinite
            Save NaN and infinity too; by default they are an error.

        Raises
        ------
        NonFiniteError
            When there is a NaN or an infinity.
        OSError
            When the system refuses; the old file is left.

        Warns
        -----
        UserWarning
            When there are attributes other than ``"count"``, which the file doesn't hold.

        Examples
        --------
        >>> import io
        >>> from synvec import KeyedVectors
        >>> file = io.BytesIO()
        >>> KeyedVectors.from_arrays(["socket"], [[1, 0]]).save(file)
        >>> KeyedVectors.load(io.BytesIO(file.getvalue()))
        KeyedVectors<vector_size=2, 1 keys>
        """
        from synvec import formats

        others = sorted(set(self.expandos) - {"count"})
        if others:
            warnings.warn(f"not saved: the attributes {', '.join(others)}", stacklevel=2)
        # The norms are computed again: ours may be those of rows that were written into directly,
        # and a false norm in a file would be false for ever.
        formats.save_native(
            fname_or_handle,
            self._keys,
            self.vectors,
            allow_nonfinite=allow_nonfinite,
            **self._native_parts(),
        )

    def _native_parts(self) -> dict[str, Any]:
        """Return what a native file holds beside keys and vectors, as `save_native` takes it."""
        return {"counts": self.known_counts}

    @classmethod
    @with_known_arguments()
    def load_word2vec_format(
        cls,
        fname: Source,
        fvocab: Source | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: DTypeLike = np.float32,
        no_header: bool = False,
        *,
        count: Count = "header",
        allow_nonfinite: bool = False,
        limits: Limits | None = None,
    ) -> KeyedVectors:
        r"""Load word2vec's text or binary format, compressed or not.

        Parameters
        ----------
        fname
            The file, or a file object open for reading bytes.
        fvocab
            A file with a key and its count on each line; by default counts are made up, from V
            down to 1.
        binary
            Whether it is the binary format.
        encoding, unicode_errors
            How keys are decoded, as ``bytes.decode`` takes them.
        limit
            Read so many rows at most.
        datatype
            Round numbers to this type; the store holds them as float32.
        no_header
            Whether the text has no first line with V and D, as GloVe's.
        count
            ``"actual"`` loads the rows that are there, with a warning when the header says
            otherwise.
        allow_nonfinite
            Load NaN and infinity too; by default they are an error.
        limits
            Bounds on what the file may ask for; `synvec.Limits()` by default.

        Raises
        ------
        FormatError
            When the file is not what it claims to be; the message tells the place.
        NotImplementedError
            For a binary file without a header.

        Examples
        --------
        >>> import io
        >>> from synvec import KeyedVectors
        >>> KeyedVectors.load_word2vec_format(io.BytesIO(b"1 2\nsocket 0.5 1\n"))["socket"]
        array([0.5, 1. ], dtype=float32)
        """
        from synvec import formats

        return formats.load_word2vec(
            fname,
            fvocab=fvocab,
            binary=binary,
            encoding=encoding,
            unicode_errors=unicode_errors,
            limit=limit,
            datatype=datatype,
            no_header=no_header,
            count=count,
            allow_nonfinite=allow_nonfinite,
            limits=limits or formats.Limits(),
        )

    @with_known_arguments()
    def save_word2vec_format(
        self,
        fname: Target,
        fvocab: Target | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Save word2vec's text or binary format, byte for byte as gensim does.

        Parameters
        ----------
        fname
            The file, or a file object open for writing bytes; an ending of ``.gz``, ``.bz2``,
            ``.xz`` or ``.zst`` compresses.
        fvocab
            Also write a key and its count on each line there.
        binary
            Whether to write the binary format.
        total_vec
            The number of rows that the header gives, when more are to be appended.
        write_header
            Whether to write the first line with V and D.
        prefix
            Stands before every key.
        append
            Add to the file instead of replacing it.
        sort_attr
            The attribute by which rows go, the highest first; as they stand when there is none.

        Raises
        ------
        FormatError
            For a key that could not be read back, NaN or infinity.
        ValueError
            When ``fvocab`` is asked for and the attribute isn't there.
        OSError
            When the system refuses; the old file is left.

        Examples
        --------
        >>> import io
        >>> from synvec import KeyedVectors
        >>> file = io.BytesIO()
        >>> KeyedVectors.from_arrays(["a"], [[0.5, 1]], counts=[3]).save_word2vec_format(file)
        >>> file.getvalue().split()
        [b'1', b'2', b'a', b'0.5', b'1.0']
        """
        from synvec import formats

        formats.save_word2vec(
            fname,
            self._keys,
            self.vectors,
            counts=self.expandos.get(sort_attr),
            fvocab=fvocab,
            binary=binary,
            total_vec=total_vec,
            write_header=write_header,
            prefix=prefix,
            append=append,
        )
