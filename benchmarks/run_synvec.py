"""Trains synvec once: ``python -m benchmarks.run_synvec SETTINGS.json``."""

import platform
import sys
from pathlib import Path

import numpy as np

import synvec
from benchmarks.measure import Meter, write_word2vec
from benchmarks.settings import Settings
from synvec import Word2Vec, _core


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
        progress=False,
        **settings.options,
    )
    meter = Meter()
    with meter.phase("vocabulary"):
        model.build_vocab(corpus_file=settings.corpus)
    with meter.phase("training"):
        trained, raw = model.train(
            corpus_file=settings.corpus,
            total_examples=model.corpus_count,
            total_words=model.corpus_total_words,
            epochs=settings.epochs,
        )
    write_word2vec(settings.vectors, model.wv.index_to_key, model.wv.vectors)
    versions = {"synvec": synvec.__version__, "numpy": np.__version__}
    meter.write(
        settings.result,
        trained_words=trained,
        reported_raw_words=raw,
        versions={**versions, "python": platform.python_version()},
        instruction_set=_core.instruction_set(),
    )


if __name__ == "__main__":
    main()
