"""Unknown keys: what the message suggests, and that looking for it stays cheap."""

import pickle
import unicodedata

import numpy as np
import pytest

from synvec import KeyedVectors, UnknownKeyError
from synvec._core import KeyTable
from synvec.keyed_vectors import misses
from synvec.keyed_vectors.misses import CANDIDATES, close_keys, fold


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def apart(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def miss(key: str, *keys: str) -> UnknownKeyError:
    kv = KeyedVectors.from_arrays(list(keys), np.ones((len(keys), 1), np.float32))
    with pytest.raises(UnknownKeyError) as caught:
        kv.get_vector(key)
    return caught.value


@pytest.mark.parametrize(
    ("key", "there"),
    [
        ("Curié", "Curie"),
        ("Curie", "Curié"),
        ("curie", "Curié"),
        ("CURIE", apart("Curié")),
        (composed("Curié"), apart("Curié")),
        (apart("Curié"), composed("Curié")),
        (apart("ÉTÉ"), composed("été")),
        ("STRASSE", "straße"),
        ("straße", "STRASSE"),
        ("Straße", "strasse"),
        ("Zurich", "Zürich"),
        ("lodz", "Łódź"),
        ("Oresund", "Øresund"),
        ("ΟΔΟΣ", "οδός"),
        ("елка", "ёлка"),
        ("שָׁלוֹם", "שלום"),
        ("ﬁne", "fine"),
        ("king", "k\u00ading"),
        ("\ufeffking", "king"),
        ("New\u00a0York", "new_york"),
        ("istanbul", "İstanbul"),
        ("Amelie", "Amélia"),
    ],
)
def test_what_is_suggested(key: str, there: str) -> None:
    found = miss(key, "other", "things", there)
    assert found.suggestions() == [there]
    assert f"not present, did you mean {there!r}?" in str(found)


@pytest.mark.parametrize(
    ("key", "there"), [("कि", "का"), ("か", "が"), ("socket", "piano"), ("", "a"), ("é", "z")]
)
def test_what_is_another_word(key: str, there: str) -> None:
    assert miss(key, there).suggestions() == []


def test_the_nearest_come_first() -> None:
    keys = ["resume", "Résumé", "résume", "RESUMÉ", "résumés"]
    assert miss("résumé", *keys).suggestions() == ["Résumé", "resume"]
    assert miss("RÉSUMÈ", *keys[1:]).suggestions() == ["Résumé", "résume", "RESUMÉ"]
    assert miss("rèsums", *keys).suggestions()[0] == "résumés"


@pytest.mark.parametrize(
    ("key", "there", "form"),
    [(apart("Curié"), composed("Curié"), "NFC"), (composed("Curié"), apart("Curié"), "NFD")],
)
def test_what_looks_the_same_is_explained(key: str, there: str, form: str) -> None:
    error = miss(key, there)
    assert str(error).endswith(f"look up unicodedata.normalize('{form}', key)")
    assert pickle.loads(pickle.dumps(error)).args == (str(error),)
    assert "normalize" not in str(miss("curié", "Curié"))


def test_folding_is_lasting() -> None:
    for text in ("Curié", "STRASSE", "ŁÓDŹ", "İ", "ǅ", "ﬃ", "x\u200dy", " ſpace "):
        assert fold(fold(text)) == fold(text)
    assert fold("straße") == fold("STRASSE") == "strasse"


@pytest.mark.parametrize("key", ["\ud800", "é\udfff", "\0", "a" * 200_000, "é" * 200_000, "\n\n"])
def test_odd_keys_get_a_message(key: str) -> None:
    assert "not present" in str(miss(key, "a", "é", "\U0001f600"))


def test_many_keys_are_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0

    def counted(text: str) -> str:
        nonlocal looked_at
        looked_at += 1
        return fold(text)

    monkeypatch.setattr(misses, "fold", counted)
    table = KeyTable([*(f"größe{number:07}" for number in range(100_000)), "Curie", "Kepler"])
    # What can be looked up is found wherever it stands; what must be searched for, among the first.
    assert close_keys("Curié", table) == ["Curie"]
    assert close_keys("kepplé", table) == []
    assert looked_at <= CANDIDATES + 10


def test_nothing_is_looked_for_until_the_message_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(misses, "close_keys", None)
    error = miss("Curié", "Curie")
    assert error.args == ("Key 'Curié' not present",)
    with pytest.raises(TypeError):
        str(error)
