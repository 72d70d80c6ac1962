"""Phrases in files of synvec's own: whole when they come back, refused when they are not."""

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import synvec
from synvec import FrozenPhrases, KeyedVectors, Phrases, Word2Vec, _core, formats
from synvec.cli.app import synvec as main
from synvec.phrase_scores import npmi_scorer
from tests.golden import FOLDER
from tests.golden_phrases import CORPUS, WRITTEN, counted
from tests.hostile import check_prefixes_err, flipped


def saved(phrases: Phrases | FrozenPhrases) -> bytes:
    file = io.BytesIO()
    phrases.save(file)
    return file.getvalue()


@pytest.mark.parametrize("name", WRITTEN)
def test_golden_files_open_for_ever_and_are_written_the_same(name: str) -> None:
    path = FOLDER / name
    assert WRITTEN[name]() == path.read_bytes()
    loaded = synvec.load(path)
    assert str(loaded) == str(counted() if "frozen" not in name else counted().freeze())
    assert formats.sniff(path) == "native"
    found = formats.verify(path)
    assert found.vector_size is None
    assert found.rows == (2 if "frozen" in name else 6)


def test_counts_come_back_and_go_on() -> None:
    before = counted()
    after = Phrases.load(io.BytesIO(saved(before)))
    assert after.vocab == before.vocab
    assert after.export_phrases() == before.export_phrases() != {}
    assert saved(after) == saved(before)
    settings = ("min_count", "threshold", "max_vocab_size", "delimiter", "scoring",
                "connector_words", "corpus_word_count")  # fmt: skip
    assert [getattr(after, s) for s in settings] == [getattr(before, s) for s in settings]
    for phrases in (before, after):
        phrases.add_vocab(CORPUS)
    assert after.vocab == before.vocab
    assert list(after[CORPUS]) == list(before[CORPUS])


def test_chosen_phrases_come_back(tmp_path: Path) -> None:
    before = counted().freeze()
    before.save(tmp_path / "a.kv")
    after = FrozenPhrases.load(tmp_path / "a.kv")
    assert vars(after) == vars(before)
    assert list(after.phrasegrams) == list(before.phrasegrams)
    counted().save(tmp_path / "b.kv")
    assert vars(FrozenPhrases.load(tmp_path / "b.kv")) == vars(before)


def test_nothing_counted_is_saved_too() -> None:
    assert Phrases.load(io.BytesIO(saved(Phrases()))).vocab == {}
    assert FrozenPhrases.load(io.BytesIO(saved(Phrases().freeze()))).phrasegrams == {}


def test_a_scorer_is_saved_by_its_name_alone(tmp_path: Path) -> None:
    phrases = counted(scoring=npmi_scorer, threshold=0.5)
    assert Phrases.load(io.BytesIO(saved(phrases))).scoring == "npmi"

    def own(
        worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: int,
        corpus_word_count: int,
    ) -> float:  # fmt: skip
        return 1.0

    for refused in (counted(scoring=own), counted(scoring=own).freeze()):
        with pytest.raises(ValueError, match=r"a file holds no functions; set scoring to a name"):
            refused.save(tmp_path / "a.kv")
    assert list(tmp_path.iterdir()) == []


def test_a_score_that_is_no_number_is_refused() -> None:
    frozen = counted().freeze()
    frozen.phrasegrams["new_york"] = math.nan
    with pytest.raises(synvec.NonFiniteError, match='the score of "new_york" is NaN'):
        saved(frozen)


def test_other_doors_say_what_the_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.kv"
    counted().save(path)
    for refuse in (KeyedVectors.load, formats.open_native, lambda p: formats.convert(p, "b.txt")):
        with pytest.raises(
            synvec.UnsupportedFormatError, match=r"no vectors; open .*Phrases\.load"
        ):
            refuse(path)  # type: ignore[operator]
    with pytest.raises(AttributeError, match=r"holds Phrases<.*, not a model; use Phrases\.load"):
        Word2Vec.load(path)
    counted().freeze().save(path)
    with pytest.raises(AttributeError, match=r"without counts; use FrozenPhrases\.load"):
        Phrases.load(path)
    KeyedVectors.from_arrays(["a"], [[1.0]]).save(path)
    with pytest.raises(AttributeError, match=r"holds a KeyedVectors, no phrases"):
        FrozenPhrases.load(path)


def test_the_command_line_tells_of_them(tmp_path: Path) -> None:
    for phrases, kind in ((counted(), "counts of phrases"), (counted().freeze(), "phrases")):
        path = tmp_path / "a.kv"
        phrases.save(path)
        told = CliRunner().invoke(main, ["info", str(path)]).output
        assert f"native ({kind})" in told
        assert "first phrases\tbank_of_america new_york" in told
        assert json.loads(CliRunner().invoke(main, ["info", "--json", str(path)]).output)["phrases"]
        assert " words: the header" in CliRunner().invoke(main, ["verify", str(path)]).output


# --- damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITTEN)
def test_beginnings_and_turned_bits(name: str) -> None:
    data = (FOLDER / name).read_bytes()
    check_prefixes_err(lambda data: formats.load(io.BytesIO(data)), data, most=150)
    for changed in flipped(data, times=150):
        try:
            loaded: Any = formats.load(io.BytesIO(changed))
        except synvec.FormatError:
            continue
        assert saved(loaded) == data, "a bit that was turned changed what was read"


def forged(config: str | dict[str, object] = "{}", **arrays: Any) -> bytes:
    """Write a file of two words and one pair, with right checksums and wrong content."""
    file = io.BytesIO()
    content = {
        "counts": np.array([3, 2], np.uint64),
        "count": np.array([2], np.uint64),
        "offsets": np.array([0, 0], np.uint64),
        "first": np.array([0], np.uint32),
        "last": np.array([1], np.uint32),
        "between": np.empty(0, np.uint32),
        **arrays,
    }
    text = config if isinstance(config, str) else json.dumps(config)
    _core.save_phrases(file, _core.KeyTable(["a", "b"]), text, **content)
    return file.getvalue()


def u32(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.uint32)


def u64(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.uint64)


def test_a_file_of_defaults_opens() -> None:
    phrases = Phrases.load(io.BytesIO(forged({"something_new": 1})))
    assert phrases.vocab == {"a": 3, "b": 2, "a_b": 2}
    assert (phrases.min_count, phrases.scoring) == (5, "default")


@pytest.mark.parametrize(
    "arrays",
    [
        {"first": u32(2)},
        {"last": u32(2**32 - 1)},
        {"between": u32(2), "offsets": u64(0, 1)},
        {"offsets": u64(0, 1)},
        {"offsets": u64(1, 0)},
        {"offsets": u64(1, 1), "between": u32(1)},
        {"offsets": u64(0, 2**63)},
    ],
)
def test_an_index_out_of_range_is_refused(arrays: dict[str, np.ndarray]) -> None:
    with pytest.raises(synvec.HeaderError, match="do not go together"):
        synvec.load(io.BytesIO(forged(**arrays)))


@pytest.mark.parametrize(
    "config",
    [
        "[]", "{", '{"min_count": NaN}', {"min_count": 0}, {"min_count": "5"}, {"threshold": None},
        {"threshold": True}, {"max_vocab_size": 0}, {"max_vocab_size": 10**30},
        {"min_count": 10**400}, {"delimiter": ""}, {"scoring": "own"}, {"connector_words": "of"},
        {"connector_words": [1]}, {"corpus_word_count": -1}, {"corpus_word_count": 1.5},
        "[" * 100_000,
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(config: Any) -> None:
    with pytest.raises(synvec.HeaderError, match="not a file of phrases"):
        synvec.load(io.BytesIO(forged(config)))


def test_counts_beyond_64_bits_stay_within() -> None:
    arrays = {name: np.repeat(u32(at), 2) for name, at in (("first", 0), ("last", 1))}
    data = forged(count=u64(2**63, 2**63), offsets=u64(0, 0, 0), **arrays)
    assert Phrases.load(io.BytesIO(data)).vocab["a_b"] == 2**64 - 1


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"counts": u64(1)}, "counts has 1 numbers, expected 2"),
        ({"last": u32()}, "pair_last has 0 numbers, expected 1"),
        ({"offsets": u64(0)}, "pair_offsets has 1 numbers, expected 2"),
    ],
)
def test_arrays_that_do_not_go_together_are_not_written(
    arrays: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        forged(**arrays)


def test_settings_too_long_to_be_read_back_are_not_written() -> None:
    save: Callable[[], object] = lambda: forged({"delimiter": "_" * (8 << 20)})  # noqa: E731
    with pytest.raises(synvec.LimitError, match="no more than 8388608 are read back"):
        save()
    with pytest.raises(synvec.LimitError, match="shorten"):
        Word2Vec([["a", "b"]], min_count=1, comment="x" * (9 << 20)).save("/dev/null")


def test_limits_are_kept(tmp_path: Path) -> None:
    counted().save(tmp_path / "a.kv")
    with pytest.raises(synvec.LimitError, match="6 words, beyond max_rows = 5"):
        Phrases.load(tmp_path / "a.kv", limits=synvec.Limits(max_rows=5))
    with pytest.raises(synvec.LimitError, match="max_key_bytes"):
        Phrases.load(tmp_path / "a.kv", limits=synvec.Limits(max_key_bytes=3))
