"""Trains gensim once: ``python -m benchmarks.run_gensim SETTINGS.json``.

The option ``input`` is ``file`` (corpus_file, gensim's fast path) or ``sentences`` (an iterable).
"""

import platform
import sys
from pathlib import Path

import gensim
import numpy as np
from gensim.models.word2vec import LineSentence, Word2Vec

from benchmarks.measure import Meter
from benchmarks.settings import Settings


def main() -> None:
    settings = Settings.read(Path(sys.argv[1]))
    model = Word2Vec(
        vector_size=settings.vector_size,
        alpha=settings.alpha,
        min_alpha=settings.min_alpha,
        window=settings.window,
        min_count=settings.min_count,
        sample=settings.sample,
        seed=settings.seed,
        workers=settings.workers,
        sg=settings.sg,
        hs=settings.hs,
        negative=0 if settings.hs else settings.negative,
        epochs=settings.epochs,
    )
    if settings.options["input"] == "file":
        corpus = {"corpus_file": settings.corpus}
    else:
        corpus = {"corpus_iterable": LineSentence(settings.corpus)}
    meter = Meter()
    with meter.phase("vocabulary"):
        model.build_vocab(**corpus)
    with meter.phase("training"):
        trained, raw = model.train(
            **corpus,
            total_examples=model.corpus_count,
            total_words=model.corpus_total_words,
            epochs=settings.epochs,
        )
    model.wv.save_word2vec_format(settings.vectors, binary=True)
    versions = {"gensim": gensim.__version__, "numpy": np.__version__}
    meter.write(
        settings.result,
        trained_words=trained,
        reported_raw_words=raw,
        versions={**versions, "python": platform.python_version()},
    )


if __name__ == "__main__":
    main()
