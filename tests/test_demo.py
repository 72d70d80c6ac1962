"""`python -m synvec.demo`: its text, and a run on a small one."""

import random
import subprocess
import sys
from pathlib import Path

from synvec import KeyedVectors
from synvec.demo import text

SOURCE = '''\
#!/usr/bin/env python3
"""Opens files. It closes them, too!"""
# A comment that goes on
# over two lines.
name = "not a # comment"  # but this is one
table = """
not a docstring
"""

def close(file):
    r"""Close the file.

    >>> close(code)
    """
    return 'neither' + 'of these'
'''


def test_prose_is_docstrings_and_comments() -> None:
    sentences = [" ".join(words) for passage in text.prose(SOURCE) for words in text.split(passage)]
    assert sentences == [
        "opens files",
        "it closes them too",
        "a comment that goes on over two lines",
        "but this is one",
        "close the file",
    ]


def test_the_standard_library_is_text_enough() -> None:
    sentences = list(text.sentences())
    assert sum(map(len, sentences)) > 200_000
    assert all(word.isascii() and word.islower() for words in sentences[:1000] for word in words)
    assert "socket" in {word for words in sentences for word in words}


def test_the_demo_on_a_text_of_ones_own(tmp_path: Path) -> None:
    chance = random.Random(1)
    words = [f"{first}{last}" for first in ("apple", "train") for last in "abcdefghijklmnop"]
    lines = (" ".join(chance.choices(words, k=10)) for _ in range(500))
    (tmp_path / "own.txt").write_text(". ".join(lines), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "synvec.demo", "own.txt"],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert "5,000 words; the 32 different ones" in result.stdout
    vectors = KeyedVectors.load(str(tmp_path / "demo.kv"))
    assert sorted(vectors.index_to_key) == sorted(words)
    asked = result.stdout.partition("Nearest to '")[2].partition("'")[0]
    (nearest, cosine), *_ = vectors.most_similar(asked, topn=1)
    assert f"  {nearest:<20} {cosine:.3f}\n" in result.stdout
    assert " similar demo.kv " in result.stdout
