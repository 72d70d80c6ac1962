"""Trains fastText once: ``python -m benchmarks.run_fasttext SETTINGS.json``.

The option ``ngrams`` turns character n-grams of 3 to 6 on. fastText reads its vocabulary and trains
in one call, so a call with 0 epochs is measured before and subtracted; its learning rate always
falls to 0, it takes no seed from Python (runs differ by the threads alone), and it tells nothing of
the words that subsampling leaves.
"""

import platform
import sys
from importlib.metadata import version
from pathlib import Path

import fasttext
import numpy as np

from benchmarks.measure import Meter, write_word2vec
from benchmarks.settings import Settings


def main() -> None:
    settings = Settings.read(Path(sys.argv[1]))
    ngrams = bool(settings.options["ngrams"])
    arguments = {
        "model": settings.model,
        "lr": settings.alpha,
        "dim": settings.vector_size,
        "ws": settings.window,
        "minCount": settings.min_count,
        "minn": 3 if ngrams else 0,
        "maxn": 6 if ngrams else 0,
        "bucket": 2_000_000 if ngrams else 0,
        "neg": settings.negative,
        "loss": "hs" if settings.hs else "ns",
        "thread": settings.workers,
        "t": settings.sample,
        "verbose": 0,
    }
    meter = Meter()
    with meter.phase("vocabulary"):
        fasttext.train_unsupervised(settings.corpus, epoch=0, **arguments)
    with meter.phase("training"):
        model = fasttext.train_unsupervised(settings.corpus, epoch=settings.epochs, **arguments)
    twice = meter.phases["vocabulary"]["wall_seconds"]
    for clock, seconds in meter.phases["vocabulary"].items():
        meter.phases["training"][clock] -= seconds
    words = model.get_words()
    write_word2vec(settings.vectors, words, np.stack([model.get_word_vector(w) for w in words]))
    versions = {"fasttext": version("fasttext-wheel"), "numpy": np.__version__}
    meter.write(
        settings.result,
        versions={**versions, "python": platform.python_version()},
        repeated_wall_seconds=twice,
    )


if __name__ == "__main__":
    main()
