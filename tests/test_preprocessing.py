"""Raw text to words: `simple_preprocess`, and the ways and errors of ``tokenize``."""

import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from synvec import LineSentence, PathLineSentences, Word2Vec, scan, simple_preprocess

Read = tuple[list[str], list[int], int]


def read(corpus: Any = None, **settings: Any) -> Read:
    scanned = scan(corpus, **settings)
    return scanned.keys.keys(), scanned.encode(scanned.keys).ids.tolist(), scanned.sentences


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("The CAT, the dog!", {}, ["the", "cat", "the", "dog"]),
        ("a bb ccc", {}, ["bb", "ccc"]),
        ("a bb ccc dddd", {"min_len": 1, "max_len": 3}, ["a", "bb", "ccc"]),
        ("x" * 15 + " " + "y" * 16, {}, ["x" * 15]),
        ("_private snake_case end_", {}, ["snake_case", "end_"]),
        ("abc123def 3rd 42", {}, ["abc", "def", "rd"]),
        ("don't l’été", {}, ["don", "été"]),
        ("Où ÉTÉ", {"deacc": True}, ["ou", "ete"]),
        ("naïve", {"deacc": False}, ["naïve"]),
        ("Straße ΣΑΣ Ёлка 日本語", {}, ["straße", "σας", "ёлка", "日本語"]),
        ("Ёлка जि", {"deacc": True}, ["елка"]),
        (b"caf\xc3\xa9 \xffabc", {}, ["café", "abc"]),
        ("", {}, []),
    ],
)
def test_words_are_runs_of_letters(text: str, options: dict[str, Any], words: list[str]) -> None:
    assert simple_preprocess(text, **options) == words


def test_every_character_separates_or_is_a_letter() -> None:
    for code in range(0x3000):
        letter = chr(code)
        words = simple_preprocess(f"xx{letter}yy")
        is_separated = words == ["xx", "yy"]
        is_word = letter == "_" or (letter.isalnum() and not letter.isdecimal())
        assert is_separated != is_word, (hex(code), unicodedata.name(letter, "?"), words)


def test_what_is_no_text_is_an_error() -> None:
    with pytest.raises(TypeError, match="doc is a list, expected str or bytes"):
        simple_preprocess(["a"])  # type: ignore[arg-type]


PEER = """
import json, sys
from gensim.utils import simple_preprocess
texts = json.load(sys.stdin)
json.dump([simple_preprocess(t, deacc=bool(i % 2)) for i, t in enumerate(texts)], sys.stdout)
"""


@pytest.mark.skipif("SYNVEC_PEERS_PYTHON" not in os.environ, reason="needs gensim's interpreter")
def test_words_are_those_of_gensim() -> None:
    import json
    import random

    chosen = random.Random(1)
    letters = [chr(c) for c in range(32, 0x2000)] + list("_ ١²ⅻßİ日本𝒳")
    texts = ["".join(chosen.choices(letters, k=60)) for _ in range(3000)]
    done = subprocess.run(
        [os.environ["SYNVEC_PEERS_PYTHON"], "-c", PEER],
        input=json.dumps(texts), capture_output=True, text=True, check=True,
    )  # fmt: skip
    ours = [simple_preprocess(text, deacc=bool(i % 2)) for i, text in enumerate(texts)]
    assert ours == json.loads(done.stdout)


TEXT = "The cat's hat.\n\nDon't, The end!\n"


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("tokenize", ["whitespace", "words", simple_preprocess, str.split])
def test_files_texts_and_lines_are_cut_alike(
    tmp_path: Path, tokenize: Any, lowercase: bool
) -> None:
    path = tmp_path / "text"
    path.write_text(TEXT, encoding="utf-8")
    settings = {"tokenize": tokenize, "lowercase": lowercase}
    expected = read(TEXT.splitlines(), **settings)
    assert expected[2] == 3
    assert read(corpus_file=path, **settings) == expected
    assert read(LineSentence(path), **settings) == expected
    assert read(PathLineSentences(tmp_path), **settings) == expected
    assert read(iter(TEXT.splitlines()), **settings) == expected


def test_a_function_is_asked_for_each_line_without_its_end(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbfa b\r\n\n\xffc\nd")
    seen = []

    def tokenize(line: str) -> list[str]:
        seen.append(line)
        return [line.upper()]

    with pytest.warns(UserWarning, match="1 line of the corpus held bytes that are not UTF-8"):
        words, _, sentences = read(corpus_file=path, tokenize=tokenize)
    assert seen == ["a b", "", "\ufffdc", "d"]
    assert (words, sentences) == (["A B", "", "\ufffdC", "D"], 4)


def test_what_a_function_raises_tells_file_and_line(tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / name).write_text(f"a\nb{name}\nc", encoding="utf-8")

    def tokenize(line: str) -> list[str]:
        if line == "b2":
            raise KeyError(line)
        return [line]

    with pytest.raises(KeyError) as raised:
        scan(corpus_file=tmp_path, tokenize=tokenize)
    assert raised.value.__notes__ == [f"tokenize was at {tmp_path / '2'}, line 2"]
    with pytest.raises(KeyError) as raised:
        scan(["a", "b2"], tokenize=tokenize)
    assert raised.value.__notes__ == ["tokenize was at sentence 1"]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("ab", "tokenize returned str 'ab', expected an iterable of words"),
        (None, "sentence 1 is NoneType, expected a list of words"),
        (["a", None], "word 1 of sentence 1 is NoneType, expected str"),
    ],
)
def test_what_a_function_returns_is_words(tmp_path: Path, returned: Any, message: str) -> None:
    path = tmp_path / "text"
    path.write_text("a\nb\nc", encoding="utf-8")
    with pytest.raises(TypeError, match=message) as raised:
        scan(corpus_file=path, tokenize=lambda line: returned if line == "b" else [line])
    assert raised.value.__notes__ == [f"tokenize was at {path}, line 2"]


@pytest.mark.parametrize("tokenize", ["whitespace", "words", str.split])
def test_sentences_that_are_words_already_are_an_error(tokenize: Any, tmp_path: Path) -> None:
    for corpus in ([["a", "b"]], [("a",)], ["a", ["b"]], iter([["a"]])):
        with pytest.raises(ValueError, match="has been cut into words already, expected str"):
            scan(corpus, tokenize=tokenize)
    path = tmp_path / "text"
    path.write_text("a b", encoding="utf-8")
    with pytest.raises(ValueError, match="has been cut into words already"):
        scan(LineSentence(path, limit=1), tokenize=tokenize)


def test_a_tokenizer_is_a_name_or_a_function() -> None:
    with pytest.raises(ValueError, match="must be 'whitespace', 'words' or a function, not 'x'"):
        scan(["a"], tokenize="x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be 'whitespace', 'words' or a function, not 3"):
        scan(["a"], tokenize=3)  # type: ignore[arg-type]


def test_a_lone_surrogate_in_a_text_is_an_error() -> None:
    with pytest.raises(ValueError, match="sentence 1 holds a lone surrogate"):
        scan(["a", "\ud800"], tokenize="words")


@pytest.mark.parametrize("tokenize", [None, "whitespace", "words", simple_preprocess])
def test_a_saved_model_says_how_it_cut_texts(tmp_path: Path, tokenize: Any) -> None:
    texts = ["The cat sat!", "A dog sat."] * 9
    sentences = texts if tokenize else [text.split() for text in texts]
    model = Word2Vec(sentences, tokenize=tokenize, vector_size=2, min_count=1, epochs=1)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    if callable(tokenize):
        assert sorted(model.wv.index_to_key) == ["cat", "dog", "sat", "the"]
        assert loaded.tokenize == "synvec.preprocessing.simple_preprocess"
        with pytest.raises(ValueError, match="keeps only the name of a function: set tokenize"):
            loaded.build_vocab(texts, update=True)
    else:
        # "whitespace" is what is done by default, and is taken for it.
        assert loaded.tokenize == (None if tokenize == "whitespace" else tokenize)


GENERATOR = """
import sys
from benchmarks.measure import peak_bytes
from synvec import scan

WORDS = [f"w{i}" for i in range(1000)]

def sentences(count):
    for start in range(count):
        yield [WORDS[(start * 7 + i) % 1000] + "x" for i in range(100)]

scan(sentences(100), spool_bytes=0)
before = peak_bytes()
scanned = scan(sentences(60_000), spool_bytes=int(sys.argv[1]))
assert scanned.raw_words == 6_000_000
print(peak_bytes() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
@pytest.mark.parametrize(("spool_bytes", "most"), [(0, 16 << 20), (1 << 30, (24 + 16) << 20)])
def test_a_generator_leaves_nothing_but_its_ids(spool_bytes: int, most: int) -> None:
    # 6 M words are 24 MB of ids, and would be some 400 MB as lists of str.
    done = subprocess.run(
        [sys.executable, "-c", GENERATOR, str(spool_bytes)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert int(done.stdout) < most
