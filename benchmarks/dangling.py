"""Which sentences of a summary refer to something that the summary left out: a strict judge of English summaries.

Built after the incomplete discourse and incomplete coreference of "Extractive is not Faithful" (Zhang, Wan and Bansal,
2022), from word lists of its own: it shares nothing with the summarizer's guards, so that it can find them wanting. It
errs on the side of finding fault: whatever it flags, the sentence right before it in the text is missing, and

- `connective`: it opens with a word that joins it to what came before,
- `pronoun`: it opens with one, or one comes before any name or person that it could stand for,
- `speaker`: its words are said by "he", "she", "they" or "it" alone,
- `definite`: it opens with "the man", "the company", "the two", which nothing in it or chosen before it names,
- `quotation`: it holds half of a quotation, or nothing but one.
"""

import re
from collections.abc import Sequence


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
_CONNECTIVES = _words("""
    accordingly additionally afterward afterwards again also alternatively and anyway besides but consequently
    conversely else elsewhere eventually finally further furthermore hence however indeed instead later likewise
    meantime meanwhile moreover nevertheless next nonetheless nor or otherwise overall plus previously rather
    regardless second secondly similarly so still subsequently then thereafter therefore third thirdly thus too
    ultimately worse yet
""")
_PHRASES = re.compile(
    r"(?:in (?:addition|contrast|fact|turn|return|other words|short|the end|response|particular|the meantime|that case)"
    r"|as (?:a result|a consequence|well|such|for)|for (?:example|instance|this|that|his part|her part|their part)"
    r"|on the (?:other hand|contrary)|at the same time|after (?:all|that|this)|because of (?:this|that)"
    r"|by (?:contrast|comparison|then)|despite (?:this|that|these)|even (?:so|then)|since then|until then|to that end"
    r"|of course|that said|what's more|more importantly|above all|all (?:of )?(?:this|that|these|those)"
    r"|(?:one|two|some|many|most|none|both|each|several|any) of (?:them|these|those|which))\b",
    re.IGNORECASE,
)
_PRONOUNS = _words("""
    both either he her hers herself him himself his it its itself neither she such that their theirs them
    themselves these they this those
""")
# "It" that stands for nothing, and "this week".
_EMPTY = re.compile(
    r"it(?:'s|’s| is| was| has been| had been| will be| would be| may be| took| takes| seems"
    r"| seemed| appears| appeared)\s"
    r"(?!a\b|an\b|the\b|not\b|one\b|also\b|in\b|at\b|on\b).*\b(?:that|to|who|whether|when|since|for)\b"
    r"|(?:this|these|that) (?:past |coming |same )?(?:year|month|week|weekend|summer|spring|fall|autumn|winter|morning"
    r"|afternoon|evening|season|monday|tuesday|wednesday|thursday|friday|saturday|sunday|christmas)\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(r"\b(?:he|she|him|her|his|hers|they|them|their|he's|she's|they're)\b", re.IGNORECASE)
_SAYING = (
    "said|says|say|added|adds|told|wrote|explained|explains|noted|continued|recalled|insisted|argued|claimed|warned"
    "|admitted|asked|replied|tweeted|concluded|joked|stated|revealed|declared|testified|acknowledged"
)
_SPEAKER = re.compile(
    rf"[,.?!\"”'’]\s*(?:he|she|they|it)\s(?:\w+\s)?(?:{_SAYING})\b|[,?!\"”]\s*(?:{_SAYING})\s(?:he|she|they)\b",
    re.IGNORECASE,
)
_DEFINITE = re.compile(
    r"the (?:(?:two|three|four|five|six|seven|eight|nine|ten|other|former|latter|same|young|elderly|alleged)\s)*"
    r"(?P<noun>man|men|woman|women|boy|boys|girl|girls|couple|pair|duo|trio|child|children|teenager|teen|youngster"
    r"|suspect|suspects|victim|victims|company|firm|group|agency|team|club|family|driver|officer|officers|player|actor"
    r"|singer|politician|lawmaker|incident|attack|accident|crash|move|ruling|decision|statement|report|study|letter"
    r"|video|two|three|four|five|other|others|former|latter|rest|same)\b(?! (?:who|that|of|from|in|at|whose|on|by"
    r"|behind|accused|charged|with|was accused of)\b)",
    re.IGNORECASE,
)
_PEOPLE = re.compile(
    r"\b(?:man|woman|boy|girl|mother|father|mum|mom|dad|wife|husband|son|daughter|brother|sister|friend|couple|people"
    r"|parents?|child|children|students?|police|officers?|officials?|families|family|men|women|teachers?|doctors?|actor"
    r"|actress|singer|star|president|minister|user|victim|someone|anyone|everyone|who|those|teenager|soldier|leader"
    r"|lawyer|judge|customer|team|driver|player|[a-z]+ists?|[a-z]+ians?)\b"
)
_PLURAL = re.compile(r"\b(?!its\b|his\b|was\b|has\b|as\b|is\b|this\b)[A-Za-z]+[^s\W]s\b")
_CAPITALIZED = re.compile(r"\b[A-Z][\w'’-]*")
_NO_NAMES = _words("""
    a about according after again all almost also although among an and another any april as asked at august
    back because before being both but by days december described despite during each earlier early either even
    every february following for friday from had having hours how i if in it january july june just last less
    like many march may maybe monday months more most nearly neither never no not november now october of on
    once one only over part perhaps saturday september since so some sometimes soon speaking starting sunday
    that the then there these this those though three through throughout thursday to today tuesday two under
    unlike until upon we wednesday weeks were what whatever when where whether while whoever why with within
    without years yesterday you
""")


def faults(sentences: Sequence[str], chosen: Sequence[int]) -> list[tuple[int, str]]:
    """Index and kind of what dangles in the summary made of `chosen`, indexes into `sentences` of one text."""
    taken = frozenset(chosen)
    return [
        (index, kind)
        for index in sorted(taken)
        if index > 0 and index - 1 not in taken and (kind := _kind(sentences, index, taken))
    ]


def _kind(sentences: Sequence[str], index: int, taken: frozenset[int]) -> str | None:
    text = sentences[index].strip()
    opening = text.lstrip("\"“”‘'’([—–- ")
    first = _WORD.match(opening)
    word = first[0].lower().replace("’", "'") if first else ""
    if word in _CONNECTIVES or _PHRASES.match(opening):
        return "connective"
    stands_for = word.split("'")[0] in _PRONOUNS and not _EMPTY.match(opening)
    if stands_for and not re.match(
        r"(?:both|neither|either|such) [a-z]+s? (?:and|or|as)\b|both [a-z]+s\b", opening, re.IGNORECASE
    ):
        return "pronoun"
    if _SPEAKER.search(text):
        return "speaker"
    if _has_early_pronoun(text):
        return "pronoun"
    before = " ".join(sentences[other] for other in sorted(taken) if other < index)
    if _is_unnamed(opening, before):
        return "definite"
    return "quotation" if _is_half_quoted(text) else None


def _has_early_pronoun(text: str) -> bool:
    """Whether a personal pronoun comes before any name or person, outside quotations and with none right after it."""
    plain = re.sub(r"[\"“][^\"”]*[\"”]?", " ", text)
    found = _PERSONAL.search(plain)
    if found is None:
        return False
    before, after = plain[: found.start()], plain[found.end() :]
    if any(name.lower() not in _NO_NAMES for name in _CAPITALIZED.findall(before)) or _PEOPLE.search(before):
        return False
    if found[0].lower()[:2] == "th" and _PLURAL.search(before):
        return False
    # "In her first speech, Holt said": the name follows the pronoun's clause.
    return not re.match(r"[^,]{0,80},\s+(?:[a-z-]+ ){0,6}[A-Z]", after)


def _is_unnamed(opening: str, before: str) -> bool:
    found = _DEFINITE.match(opening)
    return found is not None and not re.search(rf"\b{found['noun'].rstrip('s')}", before, re.IGNORECASE)


def _is_half_quoted(text: str) -> bool:
    if text.count("“") != text.count("”"):
        return True
    if text.count('"') % 2:
        return True
    return bool(re.fullmatch(r"[\"“][^\"“”]+[\"”]", text))
