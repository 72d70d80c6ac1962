"""Data sets from files: every layout is told from its content, and what is none is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synvec import EncodingError, FormatError
from synvec.evaluation import (
    AnalogySet,
    CategorySet,
    OutlierSet,
    PairSet,
    Topic,
    load_datasets,
)

SHARED = Path(__file__).parents[2] / "shared" / "data" / "eval"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="needs the public test sets")


def load(folder: Path, text: str):  # type: ignore[no-untyped-def]
    path = folder / "file.txt"
    path.write_bytes(text.encode())
    (dataset,) = load_datasets(path)
    assert dataset.name == "file"
    return dataset


CATS = (("tiger", "cat"), ("tiger", "tiger"), ("plane", "car"))
SCORES = (7.35, 10, 5.77)


@pytest.mark.parametrize(
    "text",
    [
        "tiger\tcat\t7.35\ntiger\ttiger\t10.00\nplane\tcar\t5.77\n",
        "Word 1,Word 2,Human (mean)\ntiger,cat,7.35\ntiger,tiger,10.00\nplane,car,5.77\n",
        "Word 1\tWord 2\tHuman (mean)\ntiger\tcat\t7.35\ntiger\ttiger\t10\nplane\tcar\t5.77\n",
        # WordSim-353's set1.csv has the subjects' own scores, and their numbers in the header.
        "Word 1,Word 2,Human (mean),1,2\ntiger,cat,7.35,8,7\ntiger,tiger,10,10,10\n"
        "plane,car,5.77,6,5\n",
        "\ufeff# a comment\r\n\r\ntiger, cat, 7.35\r\ntiger, tiger, 10\r\n#no\r\nplane, car, 5.77",
        "tiger;cat;7.35\ntiger;tiger;10\nplane;car;5.77\n",
        "tiger cat 7.350000\ntiger  tiger 10.0\nplane car 5.77\n",
        '"tiger","cat",7.35\n"tiger","tiger",10\n"plane","car",5.77\n',
        "word1\tword2\tPOS\tSimLex999\tconc(w1)\tconc(w2)\tconcQ\tAssoc(USF)\tSimAssoc333\tSD\n"
        "tiger\tcat\tN\t7.35\t4.9\t4.8\t1\t7.25\t1\t0.41\n"
        "tiger\ttiger\tN\t10\t4.9\t4.9\t1\t0\t1\t0.4\nplane\tcar\tN\t5.77\t5\t5\t2\t0\t1\t1.11\n",
        "tiger\tcat\tN\t7.35\tSYNONYMS\ntiger\ttiger\tN\t10\tNONE\nplane\tcar\tN\t5.77\tNONE\n",
        "tiger-n cat-n 7.35\ntiger-n tiger-n 10\nplane-n car-n 5.77\n",  # MEN's lemma form
    ],
)
def test_pairs(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == PairSet("file", CATS, SCORES)


def test_words_that_python_reads_as_numbers_are_words(tmp_path: Path) -> None:
    found = load(tmp_path, "nan\tbread\t3\ninf\tsup\t4\n")
    assert found.pairs == (("nan", "bread"), ("inf", "sup"))
    # So are they in the third column: this is a question, not a pair with the score NaN.
    assert load(tmp_path, "son dad nan mum\n").questions == (("son", "dad", "nan", "mum"),)


def test_analogies(tmp_path: Path) -> None:
    question = ("Athens", "Greece", "Baghdad", "Iraq")
    text = ": capitals\nAthens Greece Baghdad Iraq\n: gram1 of all\n\nAthens\tGreece Baghdad Iraq\n"
    found = load(tmp_path, text)
    assert found == AnalogySet("file", (question, question), ("capitals", "gram1 of all"))
    assert len(found) == 2
    plain = load(tmp_path, "Athens Greece Baghdad Iraq\n")
    assert plain == AnalogySet("file", (question,), ("file",))


FOOD = CategorySet("file", ("apple", "pear", "leek", "kale"), ("fruit",) * 2 + ("green",) * 2)


@pytest.mark.parametrize(
    "text",
    [
        "apple\tfruit\npear\tfruit\nleek\tgreen\nkale\tgreen\n",
        "word\tcategory\napple\tfruit\npear\tfruit\nleek\tgreen\nkale\tgreen\n",
        "apple fruit\npear fruit\nleek green\nkale green\n",
        "apple,fruit\npear,fruit\nleek,green\nkale,green\n",
        "fruit: apple pear\ngreen: leek kale\n",
        "# food\nfruit: apple, pear\n\ngreen:\tleek,kale\n",
    ],
)
def test_categories(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == FOOD


def test_outliers(tmp_path: Path) -> None:
    topic = Topic("file", ("BMW", "Audi", "Land_Rover", "Opel"), ("Leipzig", "New York", "wheel"))
    text = "BMW\nAudi\nLand_Rover\nOpel\n\nLeipzig\nNew York\nwheel\n"
    for variant in (text, text.replace("\n\n", "\n \n\n") + "\n"):
        found = load(tmp_path, variant)
        assert found == OutlierSet("file", (topic,))
        assert len(found) == 3


def test_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "sets"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.txt").write_text("cat\ndog\n\ncar\n")
    (folder / "a.txt").write_text("car\nbus\n\ncat\ndog\n")
    (folder / "pairs.tsv").write_text("a\tb\t1\n")
    (folder / ".hidden").write_text("anything at all, and more of it\n")
    (folder / "README.md").write_text("anything at all, and more of it\n")
    pairs, outliers = load_datasets(folder)
    assert pairs == PairSet("pairs", (("a", "b"),), (1,))
    assert outliers.name == "sets"
    assert isinstance(outliers, OutlierSet)
    assert [topic.name for topic in outliers.topics] == ["a", "b"]
    assert len(outliers) == 3
    with pytest.raises(FormatError, match="no files in this folder"):
        load_datasets(folder / "inner")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file.txt: no lines, expected a data set"),
        ("# only a comment\n\n", "no lines"),
        ("one two three four five\nand then some more of it\n", "line 1: 'one two .* no layout"),
        (": s\n: t\n", "headers without a question"),
        ("word,category\n", "0 categories for 0 words"),
        (": s\na b c d\na b c\n", "line 3: 'a b c', expected four words"),
        ("a\tb\t1\nc\td\t2\ne\tf\n", r"line 3: 'e\\tf', expected word, word, score"),
        ("a\tb\t1\nc\td\tx\ne\tf\t3\n", r"line 2: 'c\\td\\tx', expected word, word, score"),
        ("a\tb\t1\n\td\t2\ne\tf\t3\n", "line 2: .*expected word, word, score"),
        ("t\tlove\taffection\t6\nt\tcar\tautomobile\t7\n", "line 1: .*or a part of speech"),
        ("apple\tfruit\npear\tfruit\nleek\n", "line 3: 'leek', expected word and category"),
        ("fruit: apple pear\ngreen: leek kale\nnone\n", "line 3: 'none', expected 'category: word"),
        ("fruit\tapple\nfruit\tpear\ngreen\tleek\n", "3 categories for 3 words"),
        ("cat\ndog\n\ncar\n\nbus\n", "line 6: a third block"),
        ("cat\ndog\ncar\n", "line 3: the file ends after 1 blocks"),
        ("cat\n\ncar\n", "the first of 1 words"),
        ("cat\ndog\n\ncar, bus\nbee\n", "line 4: 'car, bus', expected a group of words"),
    ],
)
def test_what_is_no_data_set(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        load(tmp_path, text)
    assert isinstance(raised.value, FormatError)
    assert str(raised.value).startswith(str(tmp_path / "file.txt"))


LINE = st.lists(
    st.sampled_from(["a", "bc", "3", "nan", "-1e9", '"', '"x"', ":", "#", "", "\x00", "é-n"])
).flatmap(lambda parts: st.sampled_from("\t,; :\n").map(lambda mark: mark.join(parts)))


@given(st.lists(LINE).map("\n".join) | st.text())
def test_any_text_is_a_data_set_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        (dataset,) = load_datasets(path)
    except FormatError as error:
        assert str(error).startswith(str(path))
    else:
        assert len(dataset) > 0


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "latin"
    path.write_bytes(b"caf\xe9\tbar\t3\n")
    with pytest.raises(EncodingError, match="not valid utf-8"):
        load_datasets(path)
    with pytest.raises(FileNotFoundError):
        load_datasets(tmp_path / "absent")


def test_columns_are_of_one_length() -> None:
    with pytest.raises(ValueError, match="1 pairs and 2 scores"):
        PairSet("x", (("a", "b"),), (1, 2))
    assert PairSet("x", [("a", "b")], [1]) == PairSet("x", (("a", "b"),), (1,))  # type: ignore[arg-type]


@needs_shared
def test_the_public_sets() -> None:
    found = {dataset.name: dataset for dataset in load_datasets(SHARED)}
    assert {name: len(dataset) for name, dataset in found.items()} == {
        "men3000": 3000, "questions-words": 19_544, "simlex999": 999, "ws353": 353,
    }  # fmt: skip
    assert len(set(found["questions-words"].sections)) == 14  # type: ignore[union-attr]
    assert found["ws353"].pairs[1] == ("tiger", "cat")  # type: ignore[union-attr]
