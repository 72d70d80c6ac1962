"""The corpus of a checkpoint: told by its files, or kept as ids, and found again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from synvec import _core
from synvec.corpora import Tokenize, files_read_whole
from synvec.encoded import Corpus, CorpusFile
from synvec.paths import folder_at
from synvec.progress import Progress
from synvec.table_files import are_tables

if TYPE_CHECKING:
    from synvec.word2vec import Word2Vec


class FileOfCorpus(TypedDict):
    """A file of text, as a checkpoint knows it."""

    path: str
    bytes: int


def describe(
    corpus: _core.EncodedCorpus,
    corpus_iterable: Corpus[Any] | None,
    corpus_file: CorpusFile | None,
    tokenize: Tokenize | None,
    folder: _core.CheckpointFolder,
) -> dict[str, Any]:
    """Tell a corpus so that it can be found again; what can be read only once is kept as ids.

    A text is known by the ids that it gives: it is read again for them, and whatever trains alike
    is the same.
    """
    files = files_of_corpus(corpus_iterable, corpus_file, tokenize)
    if files is None:
        folder.save_ids(corpus)
    return {
        "ids": f"{corpus.checksum():016x}",
        "sentences": corpus.sentences,
        "raw_words": corpus.raw_words,
        "files": files,
    }


def files_of_corpus(
    corpus_iterable: Corpus[Any] | None, corpus_file: CorpusFile | None, tokenize: Tokenize | None
) -> list[FileOfCorpus] | None:
    """Return where a text lies that can be read again; None of all else."""
    files = files_read_whole(corpus_iterable, corpus_file)
    if files is None or not _can_be_read_again(files, tokenize):
        return None
    return [
        {"path": str(Path(file).resolve()), "bytes": Path(file).stat().st_size} for file in files
    ]


def describe_briefly(known: dict[str, Any]) -> str:
    """Say in a few words what corpus `describe` has told of."""
    if known["files"] is None:
        return f"{known['sentences']:,} sentences with {known['raw_words']:,} words, kept as ids"
    return ", ".join(f"{file['path']} ({file['bytes']:,} bytes)" for file in known["files"])


def _can_be_read_again(files: list[str], tokenize: Tokenize | None) -> bool:
    """Whether the text of files alone gives the ids: no column to choose, no function to find."""
    is_text = not callable(tokenize) and not are_tables(files)
    return is_text and all(Path(file).is_file() for file in files)


def reopen(
    known: dict[str, Any], model: Word2Vec[Any], folder: _core.CheckpointFolder, progress: Progress
) -> _core.EncodedCorpus:
    """Return the corpus that `describe` has told of.

    Raises
    ------
    ValueError
        When its files hold something else by now.
    OSError
        When they are not there.
    """
    if known["files"] is None:
        spool_dir = model.spool_dir
        return folder.open_ids(
            int(known["ids"], 16),
            known["sentences"],
            known["raw_words"],
            spool_bytes=model.spool_bytes,
            spool_dir=None if spool_dir is None else folder_at("spool_dir", spool_dir),
        )
    files = [file["path"] for file in known["files"]]
    for file in known["files"]:
        size = Path(file["path"]).stat().st_size
        if size != file["bytes"]:
            raise _another_corpus(
                f"{file['path']} has {size:,} bytes, and had {file['bytes']:,} when training began"
            )
    scanned = model._scan(None, files, progress)
    corpus = scanned.encode(model.wv.key_table)
    if f"{corpus.checksum():016x}" != known["ids"] or corpus.raw_words != known["raw_words"]:
        raise _another_corpus(
            f"{', '.join(files)}: the text is not the one that training began with"
        )
    return corpus


def _another_corpus(what: str) -> ValueError:
    return ValueError(
        f"{what}: a checkpoint goes on with its own corpus alone; put the old text back, or start "
        "anew with another checkpoint folder"
    )
