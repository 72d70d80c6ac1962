"""What one training run is asked to do; the same for every program."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Settings:
    """One run: the corpus, where the results go, and the hyper-parameters under gensim's names."""

    corpus: str
    vectors: str
    result: str
    model: str = "skipgram"
    loss: str = "negative"
    vector_size: int = 100
    window: int = 5
    negative: int = 5
    epochs: int = 5
    alpha: float = 0.025
    min_alpha: float = 0.0001
    sample: float = 1e-3
    min_count: int = 5
    workers: int = 1
    seed: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    """What only this program knows."""

    @property
    def sg(self) -> int:
        return int(self.model == "skipgram")

    @property
    def hs(self) -> int:
        return int(self.loss == "hierarchical")

    def digest(self, corpus: str) -> str:
        """Return a name for everything that decides the result, the corpus given by its content."""
        decisive = {**asdict(self), "corpus": corpus, "vectors": "", "result": ""}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Settings":
        return cls(**json.loads(path.read_text(encoding="utf-8")))
