"""Thai and Lao, which write no full stops: a space may end a sentence, or only set off a name, a figure or a clause.

A sentence is taken to end at a space after a polite particle, before a word that begins sentences, and between two
long stretches when neither word at the space ties them together. Figures and words in other scripts never end one.
"""

import re
from collections.abc import Iterator

THAI = re.compile(r"[\u0e01-\u0e3a\u0e40-\u0edf]")

_SPACES = re.compile(r"[ \t\u00a0\u200b]+")
_LEAST_BEFORE = 40  # characters of a sentence so far, and
_LEAST_AFTER = 25  # of the stretch that follows, for a space to end it without any other sign
_LEAST_CLAUSE = 20  # characters before a word that begins sentences
_POLITE = ("ครับ", "ค่ะ", "คะ", "จ้ะ", "จ้า", "ฮะ")
_BEGIN = (
    "อย่างไรก็ตาม", "อย่างไรก็ดี", "นอกจากนี้", "นอกจากนั้น", "ทั้งนี้", "ขณะเดียวกัน", "ต่อมา", "ดังนั้น", "จากนั้น", "ล่าสุด",
    "ด้านนาย", "ด้านนาง", "ส่วนนาย", "ส่วนนาง", "เบื้องต้น", "ก่อนหน้านี้", "สำหรับ", "แต่ทว่า", "ຢ່າງໃດກໍຕາມ", "ນອກຈາກນີ້",
)  # fmt: skip
_TIE_AFTER = (
    "และ", "หรือ", "ที่", "ซึ่ง", "โดย", "เพื่อ", "ของ", "ใน", "จาก", "ว่า", "กับ", "แก่", "ให้", "ได้", "เมื่อ", "เพราะ", "รวม",
    "เช่น", "ตั้งแต่", "จน", "พร้อม", "ตาม", "แต่", "หาก", "ถ้า", "เนื่องจาก", "ภายใต้", "ระหว่าง", "อัน", "ขณะที่", "ก่อน", "หลัง",
    "ไป", "มา", "ແລະ", "ຫຼື", "ທີ່", "ເຊິ່ງ", "ເພື່ອ", "ໃນ", "ຈາກ", "ວ່າ", "ກັບ", "ຂອງ", "ໂດຍ",
)  # fmt: skip
_TIE_BEFORE = ("ว่า", "คือ", "และ", "หรือ", "ของ", "ได้แก่", "เช่น", "ที่", "เพื่อ", "โดย", "ใน", "กับ", "ແລະ", "ວ່າ", "ຄື")


def ends_at_spaces(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Where sentences of Thai end inside text[start:stop], which no mark divides, and where the next one begins."""
    gaps = [match.span() for match in _SPACES.finditer(text, start, stop)]
    for number, (end, following) in enumerate(gaps):
        next_stop = gaps[number + 1][0] if number + 1 < len(gaps) else stop
        if following < stop and _ends(text[max(start, end - 12) : end], end - start, text[following:next_stop]):
            yield end, following
            start = following


def _ends(before: str, length: int, after: str) -> bool:
    """`before` is how the sentence so far ends, `length` how long it is, `after` the stretch up to the next space."""
    if not (before and THAI.match(before[-1]) and THAI.match(after)):
        return False
    if before.endswith(_POLITE):
        return True
    if after.startswith(_BEGIN):
        return length >= _LEAST_CLAUSE
    if length < _LEAST_BEFORE or len(after) < _LEAST_AFTER:
        return False
    return not (after.startswith(_TIE_AFTER) or before.endswith(_TIE_BEFORE))
