"""The frame's words: all that a digest, alert or push says besides its articles. One table; English for now."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

from babel.dates import format_date, format_datetime


@dataclass(frozen=True, slots=True)
class Words:
    """Fields in braces are filled in. `locale` is Babel's, for dates and times."""

    locale: str
    digest: str
    alert: str
    urgent: str
    correction: str
    killed: str
    withdrawn: str
    push: str
    more: str
    more_button: str
    read: str
    original: str
    settings: str
    nothing: str
    paywalled: str
    sources: str
    update: str
    updated_alert: str
    held: str
    nothing_new: str
    latest: str
    unfold: str


ENGLISH = Words(
    locale="en_GB",
    digest="Your digest",
    alert="News alert",
    urgent="URGENT",
    correction="CORRECTION:",
    killed="KILLED:",
    withdrawn="This story has been withdrawn. Please don't use it or pass it on.",
    push="{topic}: the latest",
    more="and {count} more",
    more_button="{topic}: {count} more",
    read="Read more",
    original="Original",
    settings="Settings",
    nothing="Nothing new.",
    paywalled="the whole text for subscribers only",
    sources="{count} sources",
    update="Update:",
    updated_alert="News alert: an update",
    held="While it was quiet",
    nothing_new="Nothing new in your topics since the last one.",
    latest="Latest news",
    unfold="Read on",
)
WORDS = {"en": ENGLISH}


def table(language: str) -> str:
    """The language that is really used for a language tag: what a signature names."""
    short = language.split("-", maxsplit=1)[0].lower()
    return short if short in WORDS else "en"


def words(language: str) -> Words:
    """The table for a language tag, English where there is none."""
    return WORDS.get(language.split("-", maxsplit=1)[0].lower(), ENGLISH)


def long_date(moment: datetime, zone: tzinfo, language: str) -> str:
    """ "Friday, 19 May 2017", by the zone's calendar."""
    return format_date(moment.astimezone(zone).date(), "EEEE, d MMMM y", locale=words(language).locale)


@lru_cache(maxsize=4096)  # a thousand editions of one window show the same times
def when(moment: datetime, zone: tzinfo, now: datetime, language: str) -> str:
    """As short as it can be told from `now`: "11:50", "19 May, 11:50", "19 May 2017, 11:50"."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return local.strftime("%H:%M")
    pattern = "d MMM, HH:mm" if local.year == today.year else "d MMM y, HH:mm"
    return format_datetime(local, pattern, locale=words(language).locale)
