"""Choosing several of many by buttons with check marks. Pure.

The choice travels in the buttons' own data, as a bit mask, and is applied by Save: it needs no memory, so it outlives a
restart, and two editors who choose at once don't disturb each other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

CHOSEN, FREE = "✅", "▫️"
PAGE = 8
# Of Telegram's 64 bytes of callback data, what command, article id and page leave: 40 hexadecimal digits.
HIGHEST = 159

Button = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen numbers, each from 0 to HIGHEST."""

    numbers: frozenset[int]

    @classmethod
    def of(cls, numbers: Collection[int]) -> "Choice":
        """Numbers too high for a button are left out."""
        return cls(frozenset(number for number in numbers if 0 <= number <= HIGHEST))

    @classmethod
    def read(cls, mask: str) -> "Choice":
        """From a button's data; what is no mask reads as nothing chosen: anybody can send any callback data."""
        try:
            bits = int(mask, 16)
        except ValueError:
            return cls(frozenset())
        return cls(frozenset(number for number in range(HIGHEST + 1) if bits >> number & 1))

    @property
    def mask(self) -> str:
        return f"{sum(1 << number for number in self.numbers):x}"

    def toggled(self, number: int) -> "Choice":
        return Choice.of(self.numbers ^ {number})


def pages(count: int) -> int:
    return max(1, -(-count // PAGE))


def on_page(page: int, count: int) -> range:
    """The positions that a page shows; a page out of range shows the nearest."""
    page = min(max(page, 0), pages(count) - 1)
    return range(page * PAGE, min((page + 1) * PAGE, count))


def toggles(
    items: Sequence[tuple[int, str]], choice: Choice, *, data: str, page: int, width: int
) -> tuple[tuple[Button, ...], ...]:
    """Rows of `width` buttons, one for each (number, label) of the page. `data` is "prefix:article"."""
    buttons = [
        (f"{CHOSEN if number in choice.numbers else FREE} {label}", f"{data}:{choice.toggled(number).mask}:{page}")
        for number, label in items
    ]
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))


def turns(choice: Choice, *, data: str, page: int, count: int) -> tuple[tuple[Button, ...], ...]:
    """The row that turns pages, keeping the choice; none where all fits on one."""
    last = pages(count) - 1
    if last == 0:
        return ()
    back = (("‹ Before", f"{data}:{choice.mask}:{page - 1}"),) if page > 0 else ()
    on = (("More ›", f"{data}:{choice.mask}:{page + 1}"),) if page < last else ()
    return ((*back, *on),)
