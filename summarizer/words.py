"""Words of a sentence as ranking compares them: folded, without function words, stemmed.

Chinese, Japanese, Thai and their like write no spaces: their runs become pairs of characters, without those that hold a
function word. Korean words lose the particle that ends them, Indonesian ones their affixes. Nothing is downloaded:
sumy's stemmers and lists come inside its package.
"""

import importlib
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from summarizer.stopwords import LANGUAGE_NAMES, stop_words

_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3041-\u3096\u30a1-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_TOKEN = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)"
    rf"|(?:(?![{_UNSPACED}])[^\W_]|[\u0300-\u036f\u0590-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff])+"
    r"(?:[.,](?=\d)\d+|['’](?=\w)[^\W\d_]{1,3}\b)*"
)
# The same of text in small ASCII letters, which most English is: three times as fast.
_PLAIN_TOKEN = re.compile(r"[a-z0-9]+(?:[.,]\d+|'[a-z]{1,3}\b)*")
_TOKEN_LENGTH = 40
_KNOWN_STEMS = 100_000
_KOREAN = re.compile(r"[\uac00-\ud7a3]+\Z")
_PARTICLES = (  # of nouns, and the endings of the commonest verbs
    "은 는 이 가 을 를 의 에 도 만 로 와 과 나 에서 에게 께서 으로 부터 까지 처럼 보다"
    " 라고 이라고 라는 이라는 에는 에도 에서는 으로는 로는 과의 와의 에서의 이나 에게는 조차"
    " 마저 들은 들이 들의 들을 다고 했다 한다 하는 하고 하며 했고 됐다 된다 되는 이다 였다"
    " 이며 이고 적인 적으로 하기 하지 해야 하면서 하여 했으며 됩니다 합니다 했습니다 입니다"
)
# Chinese function words of one character, and Japanese syllables: they end one word and begin another.
_BETWEEN_WORDS = re.compile(r"[的了在是和与與及也都就把被将將之其而且并並这這那个個们們着著过過\u3041-\u3096]+")
_INDONESIAN_ENDS = ("nya", "kan", "lah", "kah", "an", "i")
_INDONESIAN_BEGINNINGS = re.compile(r"(?:(?:me|pe)(?:ng|ny|m|n)?|[bpt]er|di|ke|se)(?=\w?[aeiou])(?=\w{4})")
_LEAST_INDONESIAN = 4
_LONGEST_FIRST = tuple(sorted(_PARTICLES.split(), key=lambda particle: (-len(particle), particle)))
_LEAST_STEM = 2
# Suffixing languages without a stemmer at hand: the first letters stand for the word. (For Greek and Polish, sumy
# wants further packages.)
_PREFIXED = dict.fromkeys(("tr", "az", "kk", "uz", "ky"), 5) | dict.fromkeys(
    ("et", "lv", "lt", "hr", "sr", "bs", "sl", "bg", "mk", "be", "sk", "ka", "hy", "eu", "fa", "he", "el", "pl"), 6
)
_DOTTED = ("tr", "az")
_TURKISH_CAPITALS = str.maketrans({"I": "ı", "İ": "i"})


def tokens(text: str, language: str = "und") -> list[str]:
    """Words in lower case and reading order; a run of unspaced script gives its pairs of characters."""
    if text.isascii() and language not in _DOTTED:
        plain = [word[:_TOKEN_LENGTH] for word in _PLAIN_TOKEN.findall(text.lower())]
        return [word.removesuffix("'s") for word in plain] if "'" in text else plain
    folded = text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)
    if language in _DOTTED:
        folded = folded.translate(_TURKISH_CAPITALS)
    found: list[str] = []
    for match in _TOKEN.finditer(folded.lower()):
        if match["unspaced"]:
            found.extend(_pairs(match[0]))
        else:
            found.append(_without_clitic(match[0])[:_TOKEN_LENGTH])
    return found


def stems(text: str, language: str = "und") -> list[str]:
    """The content words of `text` in reading order, each as its stem."""
    known = _known_stems(language)
    if len(known) > _KNOWN_STEMS:
        known.clear()
    return [stem for stem in map(known.__getitem__, tokens(text, language)) if stem]


class _Stems(dict[str, str]):
    """Of each word that was met its stem; nothing of a function word."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._unwanted, self._stem = stop_words(language), stemmer(language)

    def __missing__(self, word: str) -> str:
        self[word] = "" if word in self._unwanted else self._stem(word)
        return self[word]


@lru_cache(maxsize=16)
def _known_stems(language: str) -> _Stems:
    return _Stems(language)


def _pairs(run: str) -> list[str]:
    """Of a run without any word of its own, as Japanese may be, those of all its characters."""
    pieces = [piece for piece in _BETWEEN_WORDS.split(run) if piece] or [run]
    return [pair for piece in pieces for pair in _pairs_of(piece)]


def _pairs_of(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[index : index + 2] for index in range(len(run) - 1)]


def _without_clitic(word: str) -> str:
    """`China's` is China; `l'état` and `don't` stay whole enough to match themselves."""
    for mark in ("'s", "’s"):
        if word.endswith(mark):
            return word[:-2]
    return word


@lru_cache(maxsize=64)
def stemmer(language: str) -> Callable[[str], str]:
    """Maps a lower-case word to its stem; the word itself where the language has no stemmer."""
    if language == "ko":
        return _without_particle
    if language in ("id", "ms"):
        return _indonesian
    if language in _PREFIXED:
        return lambda word: word[: _PREFIXED[language]]
    return _sumy_stemmer(language) if language in LANGUAGE_NAMES else str


def _sumy_stemmer(language: str) -> Callable[[str], str]:
    try:
        found = importlib.import_module("sumy.nlp.stemmers").Stemmer(LANGUAGE_NAMES[language])
    except LookupError:
        return str

    def stem(word: str) -> str:
        # Figures and words of other scripts make some stemmers warn.
        return str(found(word)) if word.islower() or language == "ar" else word

    return stem


def _indonesian(word: str) -> str:
    """Without its endings and its beginning: `pengumumannya`, `mengumumkan` and `diumumkan` are `umum`."""
    for ending in _INDONESIAN_ENDS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_INDONESIAN:
            word = word[: -len(ending)]
    return _INDONESIAN_BEGINNINGS.sub("", word, count=1) if _INDONESIAN_BEGINNINGS.match(word) else word


def _without_particle(word: str) -> str:
    if not _KOREAN.match(word):
        return word
    for particle in _LONGEST_FIRST:
        if word.endswith(particle) and len(word) - len(particle) >= _LEAST_STEM:
            return word[: -len(particle)]
    return word
