"""Makes the models of this folder with Facebook's own program, and what it says of the texts.

``python make.py`` in an environment with fasttext-wheel 0.9.2; one thread, so that the same models
come out again on the same machine. fastText's own ``predict`` in Python fails under NumPy 2, so the
layer below it is called, with the newline that it would add.
"""

import json
import math
import random
from pathlib import Path

import fasttext

FOLDER = Path(__file__).parent
LANGUAGES = FOLDER.parents[3] / "shared" / "data" / "vectors" / "lid.176.ftz"
SENTENCES = [
    "Good morning, how are you today?",
    "Wie spät ist es?",
    "Bonjour tout le monde",
    "¿Dónde está la biblioteca?",
    "今日はいい天気ですね",
    "今天天气很好",
    "Доброе утро, как дела?",
    "صباح الخير كيف حالك",
    "Καλημέρα σας",
    "좋은 아침입니다",
    "Dobrý den, jak se máte?",
    "ok",
    "12345 !!!",
    "",
    "Good morning Bonjour Guten Morgen",
]
ASKED = [(1, 0.0), (3, 0.0), (-1, 0.05)]  # k and threshold
TEXTS = [
    "",
    "unseen",
    "bakolu mitira",
    "tinora zolaba tinora zolaba kemu",
    "  bakolu\tmitira\x0b tinora\x0cpelo\rkemu\x00 soda ",
    "bakolu </s> tinora kemu",
    "__label__0 bakolu __label__nobody zolaba",
    "straße naïve 日本 bakolu Straße 日",
    "bakolux mitirax tinorax zolabax",
    "< > << bakolu> a é",
    " ".join(["bakolu", "kemu", "soda"] * 40),
]
WORDS = ["bakolu", "</s>", "unseen", "straße", "日本", "a"]

_SYLLABLES = [
    "ba",
    "ko",
    "lu",
    "mi",
    "ti",
    "ra",
    "no",
    "zo",
    "la",
    "ke",
    "mu",
    "pe",
    "lo",
    "so",
    "da",
]
_FOREIGN = ["straße", "naïve", "日本", "don't", "42"]


def corpus(labels: int, lines: int, words: int) -> list[str]:
    """Lines whose words tell their label; the first labels are the most frequent ones."""
    chance = random.Random(labels)
    known = ["bakolu", "mitira", "tinora", "zolaba", "kemu", "soda", "pelo", *_FOREIGN]
    while len(known) < words:
        known.append("".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))))
    known = sorted(set(known))
    chance.shuffle(known)
    made = []
    for line in range(lines):
        label = (
            line % labels if line < labels else min(int(chance.expovariate(4 / labels)), labels - 1)
        )
        topic = known[label % len(known) :: labels] or known
        text = chance.choices(topic, k=4) + chance.choices(known, k=3)
        second = f" __label__{(label + 1) % labels}" if chance.random() < 0.2 else ""
        made.append(f"__label__{label}{second} {' '.join(text)}")
    return made


SMALL = {"dim": 5, "lr": 0.5, "epoch": 20, "minCount": 1, "thread": 1, "verbose": 0}
MODELS: dict[str, tuple[str, dict[str, object], dict[str, object] | None]] = {
    "softmax.bin": ("few", {"loss": "softmax", "bucket": 0}, None),
    "softmax-bigrams.bin": ("few", {"loss": "softmax", "wordNgrams": 2, "bucket": 150}, None),
    "ova-subwords.bin": (
        "few", {"loss": "ova", "wordNgrams": 3, "minn": 2, "maxn": 4, "bucket": 150}, None,
    ),
    "hs.bin": ("few", {"loss": "hs", "bucket": 0}, None),
    "ns.bin": ("few", {"loss": "ns", "minn": 3, "maxn": 3, "bucket": 100}, None),
    "softmax.ftz": ("few", {"loss": "softmax", "wordNgrams": 2, "bucket": 150}, {}),
    "ova-cutoff.ftz": (
        "few", {"loss": "ova", "minn": 1, "maxn": 3, "wordNgrams": 2, "bucket": 500},
        {"qnorm": True, "cutoff": 300, "retrain": True},
    ),
    "hs-subwords.ftz": (
        "few", {"loss": "hs", "minn": 2, "maxn": 3, "bucket": 400},
        {"qnorm": True, "cutoff": 280},
    ),
    "words-alone.ftz": ("few", {"loss": "softmax", "bucket": 0}, {"cutoff": 260}),
    "softmax-qout.ftz": (
        "many", {"loss": "softmax", "bucket": 0}, {"qout": True, "qnorm": True},
    ),
}  # fmt: skip


def predictions(f: object, texts: list[str]) -> list[object]:
    """What fastText says of texts, for each way of asking."""
    ask = f.predict  # type: ignore[attr-defined]
    return [
        [
            [[label, chance] for chance, label in ask(text + "\n", k, at, "strict")]
            for k, at in ASKED
        ]
        for text in texts
    ]


def expected(model: object, held_out: str) -> dict[str, object]:
    """What fastText says of everything."""
    f = model.f  # type: ignore[attr-defined]
    tests = []
    for k, at in [(1, 0.0), (2, 0.1)]:
        examples, precision, recall = f.test(held_out, k, at)
        labels = {
            label: [
                None if math.isnan(x) else x for x in (s["precision"], s["recall"], s["f1score"])
            ]
            for label, s in sorted(f.testLabel(held_out, k, at).items())
        }
        tests.append([k, at, examples, precision, recall, labels])
    dim = model.get_dimension()  # type: ignore[attr-defined]

    def vector(method: str, text: str) -> list[float]:
        made = fasttext.FastText.fasttext.Vector(dim)
        getattr(f, method)(made, text)
        return [float(x) for x in memoryview(made)]

    return {
        "predictions": predictions(f, TEXTS),
        "tests": tests,
        "sentence_vectors": [vector("getSentenceVector", text + "\n") for text in TEXTS],
        "word_vectors": [vector("getWordVector", word) for word in WORDS],
    }


def main() -> None:
    for name, (labels, lines, words) in {"few": (6, 300, 330), "many": (260, 600, 330)}.items():
        made = corpus(labels, lines, words)
        (FOLDER / f"{name}.train").write_text("\n".join(made) + "\n", encoding="utf-8")
        # Lines of other labels, without one, and with one that nobody knows, are told apart.
        held_out = [*made[1::5], "bakolu kemu", "__label__nobody bakolu", "", "__label__0"]
        (FOLDER / f"{name}.txt").write_text("\n".join(held_out) + "\n", encoding="utf-8")
    answers: dict[str, object] = {"asked": ASKED, "texts": TEXTS, "words": WORDS}
    for name, (kind, options, quantized) in MODELS.items():
        train = str(FOLDER / f"{kind}.train")
        model = fasttext.train_supervised(input=train, **{**SMALL, **options})
        if quantized is not None:
            model.quantize(input=train, thread=1, verbose=0, **quantized)
        path = str(FOLDER / name)
        model.save_model(path)
        held_out_path = str(FOLDER / f"{kind}.txt")
        # Opened again: the program in memory still knows what its file does not.
        found = expected(fasttext.load_model(path), held_out_path)
        answers[name] = {"held_out": f"{kind}.txt", **found}
    for name in ("few", "many"):
        (FOLDER / f"{name}.train").unlink()
    languages = fasttext.load_model(str(LANGUAGES))
    answers["languages"] = [SENTENCES, predictions(languages.f, SENTENCES)]
    text = json.dumps(answers, ensure_ascii=False, separators=(",", ":"))
    (FOLDER / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
