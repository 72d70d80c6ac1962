"""Real files of others, where they are at hand: in ``../shared/data/vectors``."""

from pathlib import Path

import pytest

import synvec
from synvec import KeyedVectors, TextClassifier, formats

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "vectors"
GLOVE = FOLDER / "glove.6B.50d.first2446.txt"
LANGUAGES = FOLDER / "lid.176.ftz"


@pytest.mark.skipif(not GLOVE.exists(), reason="needs glove.6B.50d.first2446.txt in ../shared")
def test_glove() -> None:
    assert formats.sniff(GLOVE) == "glove"
    # Its quotes and dashes are those of Windows, which are not UTF-8.
    with pytest.raises(synvec.EncodingError, match=r"line 218 .*0x96\); pass its encoding"):
        KeyedVectors.load(GLOVE)
    vectors = KeyedVectors.load(GLOVE, encoding="cp1252")
    assert (len(vectors), vectors.vector_size) == (2446, 50)
    assert vectors.index_to_key[:3] == ["the", ",", "."]
    assert vectors.get_index("–") == 217
    assert "queen" in [key for key, _ in vectors.most_similar("king", topn=5)]
    with pytest.warns(UserWarning, match="3 rows have a key that came before"):
        assert len(KeyedVectors.load(GLOVE, unicode_errors="replace")) == 2443


@pytest.mark.skipif(not LANGUAGES.exists(), reason="needs lid.176.ftz in ../shared")
def test_a_model_of_languages() -> None:
    assert formats.sniff(LANGUAGES) == "fasttext"
    model = synvec.load(LANGUAGES)
    assert isinstance(model, TextClassifier)
    assert model.predict("Où est la bibliothèque ?")[0][0] == "__label__fr"
    assert formats.verify(LANGUAGES).vector_size == 16
