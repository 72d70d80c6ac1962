"""The one pass over a corpus: words, counts, ids, and everything that can go wrong with it."""

import bz2
import gzip
import lzma
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synvec
from synvec import LineSentence, PathLineSentences, _core, scan

END = 0xFFFFFFFF
TEXT = "the cat sat\non the mat\n\nthe end"
SENTENCES = [["the", "cat", "sat"], ["on", "the", "mat"], [], ["the", "end"]]


def words_of(scanned: _core.ScannedCorpus) -> dict[str, int]:
    return dict(zip(scanned.keys.keys(), scanned.counts.tolist(), strict=True))


def ids_of(scanned: _core.ScannedCorpus, min_count: int = 1) -> list[int]:
    return scanned.encode(scanned.vocabulary(min_count)[0]).ids.tolist()


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_file_is_counted_in_order_of_first_sight(text: Path) -> None:
    scanned = scan(corpus_file=text)
    assert list(words_of(scanned).items()) == [
        ("the", 3),
        ("cat", 1),
        ("sat", 1),
        ("on", 1),
        ("mat", 1),
        ("end", 1),
    ]
    assert (scanned.sentences, scanned.raw_words, scanned.distinct) == (4, 8, 6)
    assert scanned.invalid_words == 0
    assert scanned.counts.dtype == np.uint64


def test_vocabulary_has_gensims_order(text: Path) -> None:
    scanned = scan(corpus_file=text)
    keys, counts = scanned.vocabulary(1)
    assert keys.keys() == ["the", "end", "mat", "on", "sat", "cat"]
    assert counts.tolist() == [3, 1, 1, 1, 1, 1]
    assert scanned.vocabulary(2, sorted_vocab=False)[0].keys() == ["the"]
    assert scanned.vocabulary(1, sorted_vocab=False)[0] == scanned.keys
    assert len(scanned.vocabulary(4)[0]) == 0
    assert len(scanned.vocabulary(-1)[0]) == 6


def test_encoding_drops_words_and_the_sentences_that_lose_all(text: Path) -> None:
    scanned = scan(corpus_file=text)
    keys = _core.KeyTable(["mat", "the", "absent", "cat"])
    encoded = scanned.encode(keys)
    assert encoded.ids.tolist() == [1, 3, END, 1, 0, END, 1, END]
    assert (encoded.sentences, encoded.raw_words, encoded.words) == (4, 8, 5)
    # The scan stays: another vocabulary, other ids.
    assert scanned.encode(_core.KeyTable(["end"])).ids.tolist() == [0, END]
    assert scanned.encode(_core.KeyTable()).ids.tolist() == []


def compressed(data: bytes) -> dict[str, bytes]:
    half = len(data) // 2
    return {
        "gzip": gzip.compress(data[:half]) + gzip.compress(data[half:]),
        "bzip2": bz2.compress(data[:half]) + bz2.compress(data[half:]),
        "xz": lzma.compress(data[:half]) + lzma.compress(data[half:]),
    }


@settings(deadline=None)  # five files and as many threads an example
@given(
    sentences=st.lists(st.lists(st.text(st.characters(codec="utf-8"), min_size=1))),
    workers=st.integers(1, 4),
    spool_bytes=st.sampled_from([0, 30, 1 << 30]),
)
def test_the_same_ids_however_the_corpus_comes(
    tmp_path_factory: pytest.TempPathFactory,
    sentences: list[list[str]],
    workers: int,
    spool_bytes: int,
) -> None:
    sentences = [[w for word in line for w in word.encode().split()] for line in sentences]
    data = b"".join(b" ".join(line) + b"\n" for line in sentences)
    data = data.removeprefix(b"\xef\xbb\xbf")
    lines = [[word.decode() for word in line.split()] for line in data.split(b"\n")[:-1]]
    expected = scan(lines, spool_bytes=spool_bytes)
    counts = Counter(word for line in lines for word in line)
    assert words_of(expected) == counts
    folder = tmp_path_factory.mktemp("corpus")
    for name, stored in {"plain": data, **compressed(data)}.items():
        path = folder / name
        path.write_bytes(stored)
        scanned = scan(corpus_file=path, workers=workers, spool_bytes=spool_bytes)
        assert words_of(scanned) == words_of(expected)
        assert list(words_of(scanned)) == list(words_of(expected))
        assert ids_of(scanned, 2) == ids_of(expected, 2)
        assert scanned.sentences == expected.sentences == len(lines)
        assert ids_of(scan(iter(LineSentence(path)))) == ids_of(expected)


def test_zstandard_is_read(tmp_path: Path) -> None:
    frame = bytes.fromhex("28b52ffd04585900006f6e652074776f0a6f6e65cc3943db")
    path = tmp_path / "text"
    path.write_bytes(frame + frame)
    assert words_of(scan(corpus_file=path)) == {"one": 2, "two": 2, "oneone": 1}
    path.write_bytes(frame[:-1] + b"x")
    with pytest.raises(synvec.ChecksumError, match=r"text \(zstd\)"):
        scan(corpus_file=path)
    path.write_bytes(frame[:-1])
    with pytest.raises(synvec.TruncatedFileError, match=r"text \(zstd\)"):
        scan(corpus_file=path)


def test_several_files_are_one_corpus(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one two")
    (tmp_path / "b").write_bytes(gzip.compress(b"two three\n"))
    (tmp_path / "c").write_text("")
    scanned = scan(corpus_file=[str(tmp_path / name) for name in "abc"])
    assert ids_of(scanned) == ids_of(scan([["one", "two"], ["two", "three"]]))
    assert scanned.sentences == 2


def test_the_core_takes_over_line_sentences(text: Path, tmp_path: Path) -> None:
    long = tmp_path / "long"
    long.write_text("word " * 20_001)
    scanned = scan(LineSentence(long))
    assert scanned.sentences == 1  # not cut at 10,000 words
    assert ids_of(scanned).index(END) == 20_001
    assert scan(LineSentence(long, max_sentence_length=7_000)).sentences == 3
    assert scan(LineSentence(text, limit=1)).raw_words == 3
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "2").write_text("two")
    (folder / "1").write_text("one")
    assert scan(PathLineSentences(folder)).keys.keys() == ["one", "two"]


def test_a_subclass_keeps_its_own_iteration(text: Path) -> None:
    class Shouting(LineSentence):
        def __iter__(self):
            return ([word.upper() for word in words] for words in super().__iter__())

    assert "CAT" in words_of(scan(Shouting(text)))


def test_lower_case_and_words_by_unicode(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("“Ça va?” (l’été) 3.14 -- ...\nDon't ΣΑΣ", encoding="utf-8")
    scanned = scan(corpus_file=path, tokenize="words", lowercase=True)
    assert list(words_of(scanned)) == ["ça", "va", "l’été", "3.14", "don't", "σας"]
    assert ids_of(scanned).count(END) == 2
    assert list(words_of(scan([["ÉTÉ", "été"]], lowercase=True)).items()) == [("été", 2)]
    with pytest.raises(
        ValueError, match="tokenize must be 'whitespace', 'words' or a function, not 'no'"
    ):
        scan(corpus_file=path, tokenize="no")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sentence 0 is list, which has been cut into words"):
        scan([["a"]], tokenize="words")


def test_invalid_utf8_becomes_one_counted_warning(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbffine \xff \xe9t\xe9\n\xfe fine a\0b \xc3\xa9\n")
    with pytest.warns(UserWarning, match="3 words of the corpus held bytes") as caught:
        scanned = scan(corpus_file=path)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert scanned.invalid_words == 3
    assert words_of(scanned) == {"fine": 2, "�": 2, "�t�": 1, "a\0b": 1, "é": 1}
    with pytest.warns(UserWarning, match=r"3 words of .*text held bytes"):
        lines = list(LineSentence(path))
    assert lines == [["fine", "�", "�t�"], ["�", "fine", "a\0b", "é"]]


def test_standard_input_is_read() -> None:
    code = "import synvec; s = synvec.scan(corpus_file='-'); print(s.sentences, s.keys.keys())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input=gzip.compress(TEXT.encode()), capture_output=True)
    assert done.stdout.decode().strip() == "4 ['the', 'cat', 'sat', 'on', 'mat', 'end']"


# Settings


@pytest.mark.parametrize("workers", [1, 3])
def test_a_spool_without_memory_gives_the_same_and_leaves_nothing(
    text: Path, tmp_path: Path, workers: int
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    scanned = scan(corpus_file=text, workers=workers, spool_bytes=0, spool_dir=spool)
    from_lists = scan(SENTENCES, spool_bytes=0, spool_dir=str(spool))
    encoded = scanned.encode(scanned.keys)
    if os.name == "posix":
        assert list(spool.iterdir()) == []
    assert encoded.ids.tolist()[:4] == [0, 1, 2, END]
    assert ids_of(scanned) == ids_of(from_lists) == ids_of(scan(corpus_file=text))
    del scanned, from_lists, encoded
    assert list(spool.iterdir()) == []


def test_a_spool_folder_that_cannot_be_used_is_named(text: Path, tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    for corpus in ({"corpus_file": text}, {"corpus_iterable": SENTENCES}):
        with pytest.raises(FileNotFoundError, match="spool_dir") as caught:
            scan(**corpus, spool_bytes=0, spool_dir=absent)
        assert caught.value.filename == str(absent)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
def test_a_full_disk_is_an_error_that_names_folder_and_settings(tmp_path: Path) -> None:
    code = f"""
import resource, signal, synvec
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    synvec.scan([["word"] * 10] * 100_000, spool_bytes=0, spool_dir={str(tmp_path)!r})
except OSError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    for part in ("File too large", "spool_dir", "spool_bytes", str(tmp_path)):
        assert part in done.stdout, done


def test_settings_out_of_range_are_named(text: Path) -> None:
    with pytest.raises(ValueError, match="spool_bytes must be 0 or more, not -1"):
        scan(corpus_file=text, spool_bytes=-1)
    with pytest.raises(ValueError, match="workers must be 1 or more, not 0"):
        scan(corpus_file=text, workers=0)


# Inputs that are wrong


def test_one_corpus_is_needed(text: Path) -> None:
    with pytest.raises(TypeError, match=r"expected one of .* got neither"):
        scan()
    with pytest.raises(TypeError, match=r"expected one of .* got both"):
        scan(SENTENCES, text)


@pytest.mark.parametrize("corpus", ["a b c", b"a b", Path("a.txt")])
def test_a_string_is_no_corpus(corpus: object) -> None:
    with pytest.raises(TypeError, match=r"list of token lists, not .*corpus_file=path"):
        scan(corpus)  # type: ignore[arg-type]


def test_other_things_are_no_corpus() -> None:
    with pytest.raises(TypeError, match="must be an iterable of token lists, not int 7"):
        scan(7)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="sentence 1 is int, expected a list of words: 5"):
        scan([["a"], 5])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="sentence 0 is bytes, expected a list of words"):
        scan([b"a b"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="corpus_file must be a path or a list of paths, not int 3"):
        scan(corpus_file=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="give sentences as corpus_iterable"):
        scan(corpus_file=[["a"]])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="at least one file"):
        scan(corpus_file=[])


@pytest.mark.parametrize(("word", "name"), [(b"b", "bytes"), (2.5, "float"), (None, "NoneType")])
def test_a_word_that_is_no_str_is_named_with_its_place(word: object, name: str) -> None:
    with pytest.raises(TypeError, match=rf"word 1 of sentence 1 is {name}, .*with str\(\)"):
        scan([["a"], ["b", word]])  # type: ignore[list-item]


def test_a_lone_surrogate_is_named_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"word 1 of sentence 2 holds a lone surrogate.*udc80"):
        scan([["a"], [], ["b", "c\udc80"]])


def test_a_str_for_a_sentence_warns_once() -> None:
    with pytest.warns(UserWarning, match="should be a list of words, but sentence 1 is") as caught:
        scanned = scan([["ab"], "a b", "ba"])  # type: ignore[list-item]
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert words_of(scanned) == {"ab": 1, "a": 2, " ": 1, "b": 2}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="'a b'"):
            scan(["a b"])  # type: ignore[list-item]


def test_every_kind_of_sentence_is_taken() -> None:
    class Word(str):
        pass

    sentences = [["a", ""], ("a",), iter(["b"]), np.array(["c", "d"]), [Word("a")], {"e": 1}]
    assert words_of(scan(sentences)) == {"a": 3, "": 1, "b": 1, "c": 1, "d": 1, "e": 1}
    assert scan(list(word) for word in ("xy", "yz")).keys.keys() == ["x", "y", "z"]
    for dtype in (np.str_, np.object_):
        rows = np.array([["a", "b"], ["c", "d"]], dtype)
        assert words_of(scan(rows)) == {"a": 1, "b": 1, "c": 1, "d": 1}  # type: ignore[arg-type]


def test_what_an_iterator_raises_comes_through() -> None:
    def failing():
        yield ["a"]
        raise LookupError("the database is gone")

    with pytest.raises(LookupError, match="the database is gone"):
        scan(failing())
    with pytest.raises(LookupError, match="the database is gone"):
        scan([["a"], (word for [word] in failing() for word in [word])])


def test_missing_files_folders_and_permissions_are_named(tmp_path: Path, text: Path) -> None:
    absent = tmp_path / "absent"
    for corpus_file in (absent, [text, absent]):
        with pytest.raises(FileNotFoundError) as caught:
            scan(corpus_file=corpus_file)
        assert caught.value.filename == str(absent)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(FileNotFoundError, match="the folder has no files") as folder:
        scan(corpus_file=empty)
    assert folder.value.filename == str(empty)


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_cut_and_damaged_streams_are_named(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(1)
    data = compressed(rng.integers(97, 123, 5_000, dtype=np.uint8).tobytes())[name]
    path = tmp_path / "text"
    path.write_bytes(data[:-20])
    with pytest.raises(synvec.TruncatedFileError, match=rf"text \({name}\): the file ends inside"):
        scan(corpus_file=path)
    damaged = bytearray(data)
    damaged[len(data) // 3] ^= 0x40
    path.write_bytes(damaged)
    with pytest.raises((synvec.ChecksumError, synvec.TruncatedFileError)) as caught:
        scan(corpus_file=path)
    assert str(path) in str(caught.value)


def test_a_text_without_spaces_ends_at_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(bz2.compress(b"a" * (66 << 20)))
    with pytest.raises(synvec.LimitError, match="byte 0 of the corpus is longer than 67108864"):
        scan(corpus_file=path, workers=1)
    with pytest.raises(synvec.LimitError, match="a word of sentence 1 has 67108865 bytes"):
        scan([["a"], ["b" * ((64 << 20) + 1)]])


def test_no_words_is_no_error_yet(tmp_path: Path) -> None:
    path = tmp_path / "blank"
    path.write_text(" \n\n\t ")
    scanned = scan(corpus_file=path)
    assert (scanned.sentences, scanned.raw_words, scanned.distinct) == (3, 0, 0)
    assert ids_of(scanned) == []
    assert ids_of(scan([])) == []


# Progress and Ctrl-C


def test_progress_ends_with_the_whole(text: Path) -> None:
    reports: list[dict[str, object]] = []
    scan(corpus_file=text, progress=reports.append)
    size = len(TEXT)
    whole = {"phase": "scan", "bytes": size, "total_bytes": size, "words": 8, "sentences": 4}
    assert reports[-1] == whole
    scan(SENTENCES, progress=reports.append)
    assert reports[-1] == {**whole, "bytes": 0, "total_bytes": None}


def test_what_progress_raises_ends_the_scan(text: Path) -> None:
    def refuse(report: dict[str, object]) -> None:
        raise LookupError("enough")

    for corpus in ({"corpus_file": text}, {"corpus_iterable": SENTENCES}):
        with pytest.raises(LookupError, match="enough"):
            scan(**corpus, progress=refuse)


def interrupted(job) -> float:
    """How long a job goes on after Ctrl-C."""
    pressed = []

    def press() -> None:
        pressed.append(time.monotonic())
        signal.raise_signal(signal.SIGINT)

    timer = threading.Timer(0.3, press)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            job()
        return time.monotonic() - pressed[0]
    finally:
        timer.join()


def test_ctrl_c_ends_an_endless_list_in_c() -> None:
    interrupted(lambda: scan(repeat(["word"] * 10)))
    interrupted(lambda: scan([repeat("word")]))


def test_other_threads_run_while_a_list_is_read() -> None:
    ran = threading.Event()
    threading.Timer(0.05, ran.set).start()
    sentence = ["word"] * 10
    scan(iter(lambda: sentence if not ran.is_set() else None, None))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_ctrl_c_ends_the_wait_for_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    interrupted(lambda: scan(corpus_file=pipe))
    interrupted(lambda: list(LineSentence(pipe)))
