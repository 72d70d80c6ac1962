"""Skip-gram and CBOW in plain NumPy: short enough to read, exact enough to test the core against.

Nothing here is fast. `train` takes the very steps that the core takes with one worker, random draws
included, so that both end at the same vectors up to rounding. To be read in this order: `settings`;
`draws`, with subsampling and windows; `targets`, with the alias table and the Huffman tree;
`learning`, one step of it; `training`, the loop.

V words, D dimensions, N negatives, C contexts, T targets. An *input* is a row of ``input_vectors``
(gensim's ``syn0``); a *target* is a row of ``output_vectors`` (``syn1neg``) or ``output_nodes``
(``syn1``) that should say yes (label 1) or no (label 0) to an input.

References
----------
Mikolov, Chen, Corrado, Dean 2013, "Efficient estimation of word representations in vector space",
arXiv:1301.3781: skip-gram and CBOW. Mikolov, Sutskever, Chen, Corrado, Dean 2013, "Distributed
representations of words and phrases and their compositionality", arXiv:1310.4546: negative
sampling, subsampling, the Huffman tree. Ji, Satish, Li, Dubey 2016, "Parallelizing word2vec in
shared and distributed memory", arXiv:1611.06172: shared negatives.
"""

from synvec.reference.draws import (
    Stream,
    below,
    keep_thresholds,
    kept_positions,
    mix,
    stream_key,
    windows,
)
from synvec.reference.learning import (
    Model,
    update_in_order,
    update_together,
)
from synvec.reference.settings import (
    MAX_BLOCK_INPUTS,
    MAX_NEGATIVES_IN_USE,
    MAX_NODE_SCORE,
    SENTENCE_END,
    SUBSAMPLING,
    WINDOWS,
    Config,
    Floats,
)
from synvec.reference.targets import (
    AliasTable,
    Negatives,
    Targets,
    huffman_paths,
    told_from,
)
from synvec.reference.training import (
    EpochResult,
    learning_rate,
    train,
)

__all__ = [
    "MAX_BLOCK_INPUTS",
    "MAX_NEGATIVES_IN_USE",
    "MAX_NODE_SCORE",
    "SENTENCE_END",
    "SUBSAMPLING",
    "WINDOWS",
    "AliasTable",
    "Config",
    "EpochResult",
    "Floats",
    "Model",
    "Negatives",
    "Stream",
    "Targets",
    "below",
    "huffman_paths",
    "keep_thresholds",
    "kept_positions",
    "learning_rate",
    "mix",
    "stream_key",
    "told_from",
    "train",
    "update_in_order",
    "update_together",
    "windows",
]
