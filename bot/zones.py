"""Time zones as people name them: cities, countries, abbreviations, offsets, IANA names, in a few languages."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import available_timezones

from babel import Locale

from bot.names import fold, one_apart
from storage.slots import zone_of

LANGUAGES = ("en", "ko", "zh", "ja", "de", "fr", "es", "ru")
MOST = 8
TYPO_FROM, PREFIX_FROM = 5, 3

# What people call zones, by common usage; several where the letters mean several.
_ABBREVIATIONS = {
    "utc": "UTC",
    "gmt": "UTC",
    "z": "UTC",
    "kst": "Asia/Seoul",
    "jst": "Asia/Tokyo",
    "cst": "America/Chicago Asia/Shanghai",
    "ist": "Asia/Kolkata Europe/Dublin Asia/Jerusalem",
    "bst": "Europe/London Asia/Dhaka",
    "est": "America/New_York",
    "edt": "America/New_York",
    "et": "America/New_York",
    "cdt": "America/Chicago",
    "ct": "America/Chicago",
    "mst": "America/Denver America/Phoenix",
    "mdt": "America/Denver",
    "mt": "America/Denver",
    "pst": "America/Los_Angeles Asia/Manila",
    "pdt": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "akst": "America/Anchorage",
    "hst": "Pacific/Honolulu",
    "cet": "Europe/Berlin Europe/Paris Europe/Madrid Europe/Rome Europe/Warsaw",
    "cest": "Europe/Berlin Europe/Paris Europe/Madrid Europe/Rome Europe/Warsaw",
    "eet": "Europe/Athens Europe/Helsinki Europe/Kyiv Africa/Cairo",
    "wet": "Europe/Lisbon",
    "msk": "Europe/Moscow",
    "sgt": "Asia/Singapore",
    "hkt": "Asia/Hong_Kong",
    "pht": "Asia/Manila",
    "wib": "Asia/Jakarta",
    "ict": "Asia/Bangkok Asia/Ho_Chi_Minh",
    "aest": "Australia/Sydney Australia/Brisbane",
    "aedt": "Australia/Sydney",
    "acst": "Australia/Adelaide Australia/Darwin",
    "awst": "Australia/Perth",
    "nzst": "Pacific/Auckland",
    "nzdt": "Pacific/Auckland",
    "sast": "Africa/Johannesburg",
    "eat": "Africa/Nairobi",
    "wat": "Africa/Lagos",
    "brt": "America/Sao_Paulo",
    "pkt": "Asia/Karachi",
}

# Large cities after which no zone is named.
_CITIES = {
    "Asia/Seoul": "busan incheon daegu daejeon gwangju 부산 인천 대구 대전",
    "Asia/Shanghai": "beijing peking guangzhou shenzhen chengdu wuhan tianjin nanjing hangzhou 北京 广州 深圳 成都",
    "Asia/Tokyo": "osaka kyoto nagoya sapporo fukuoka yokohama kobe 大阪 京都",
    "Asia/Kolkata": "delhi mumbai bombay bangalore bengaluru chennai hyderabad pune",
    "Asia/Ho_Chi_Minh": "saigon hanoi",
    "Asia/Karachi": "lahore islamabad",
    "Europe/Berlin": "munich münchen hamburg cologne köln frankfurt stuttgart düsseldorf",
    "Europe/Zurich": "geneva basel bern zürich genf genève",
    "Europe/Madrid": "barcelona valencia seville",
    "Europe/Rome": "milan milano naples turin venice",
    "Europe/Paris": "lyon marseille toulouse bordeaux strasbourg",
    "Europe/London": "manchester birmingham liverpool edinburgh glasgow cardiff leeds",
    "Europe/Kyiv": "kiev lviv odesa",
    "Europe/Moscow": "petersburg",
    "America/New_York": "nyc washington boston philadelphia miami atlanta baltimore orlando pittsburgh",
    "America/Chicago": "houston dallas austin minneapolis nashville milwaukee",
    "America/Los_Angeles": "seattle portland sacramento oakland la sf",
    "America/Toronto": "ottawa montreal montréal",
    "America/Sao_Paulo": "brasilia rio",
    "Australia/Sydney": "canberra",
    "Asia/Dubai": "sharjah",
    "Asia/Riyadh": "jeddah mecca",
    "Africa/Johannesburg": "pretoria durban",
    "Pacific/Auckland": "wellington christchurch",
}
_TWO_WORDS = {
    "san francisco": "America/Los_Angeles",
    "san diego": "America/Los_Angeles",
    "las vegas": "America/Los_Angeles",
    "washington dc": "America/New_York",
    "new york city": "America/New_York",
    "rio de janeiro": "America/Sao_Paulo",
    "cape town": "Africa/Johannesburg",
    "saint petersburg": "Europe/Moscow",
    "st petersburg": "Europe/Moscow",
    "new delhi": "Asia/Kolkata",
    "tel aviv": "Asia/Jerusalem",
    "abu dhabi": "Asia/Dubai",
    "salt lake city": "America/Denver",
    "south korea": "Asia/Seoul",
    "north korea": "Asia/Pyongyang",
    "korea": "Asia/Seoul",
    "uk": "Europe/London",
    "england": "Europe/London",
    "scotland": "Europe/London",
    "uae": "Asia/Dubai",
    "holland": "Europe/Amsterdam",
    "hawaii": "Pacific/Honolulu",
    "california": "America/Los_Angeles",
    "texas": "America/Chicago",
    "florida": "America/New_York",
    "usa": "America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage "
    "Pacific/Honolulu",
    "us": "America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage "
    "Pacific/Honolulu",
}
# Offsets that are no whole hours, by a zone that keeps them all year.
_HALF_HOURS = {
    210: "Asia/Tehran",
    270: "Asia/Kabul",
    330: "Asia/Kolkata",
    345: "Asia/Kathmandu",
    390: "Asia/Yangon",
    525: "Australia/Eucla",
    570: "Australia/Darwin",
    -570: "Pacific/Marquesas",
}
# The library of names keeps some old spellings.
_RENAMED = {
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Europe/Kiev": "Europe/Kyiv",
}
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+−–-])\s*(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)


def find(text: str) -> tuple[str, ...]:
    """IANA names that the text may mean: one, several to choose from (MOST at most), or none."""
    typed = " ".join(text.split())
    if offset := _OFFSET.fullmatch(typed):
        return _of_offset(offset)
    exact = _iana().get(typed.casefold().replace(" ", "_"))
    if exact and ("/" in typed or exact == "UTC"):
        return (exact,)
    wanted = fold(typed)
    if not wanted:
        return ()
    if wanted in _ABBREVIATIONS:
        return tuple(_ABBREVIATIONS[wanted].split())
    index = _index()
    found = index.get(wanted) or _beginning(index, wanted) or _mistyped(index, wanted)
    return tuple(found)[:MOST] or ((exact,) if exact else ())


def label(zone: str) -> str:
    """For people: "Seoul", "New York", "UTC+9"."""
    if zone.startswith("Etc/GMT") and len(zone) > len("Etc/GMT"):
        sign, hours = zone[7], zone[8:]
        return f"UTC{'+' if sign == '-' else '−'}{hours}"
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def local_time(zone: str, now: datetime) -> str:
    """ "Tue 14:05": the clock there."""
    return now.astimezone(zone_of(zone)).strftime("%a %H:%M")


def moment(zone: str, at: datetime, now: datetime) -> str:
    """For people: "today at 08:00", "tomorrow at 08:00", "on Tue at 08:00"; "on 3 Mar at 08:00" a week off."""
    local, today = at.astimezone(zone_of(zone)), now.astimezone(zone_of(zone)).date()
    days = (local.date() - today).days
    day = {0: "today", 1: "tomorrow"}.get(days) or f"on {local:%a}"
    if not 0 <= days <= 6:  # noqa: PLR2004 - then a weekday alone would mislead
        day = f"on {local.day} {local:%b}"
    return f"{day} at {local:%H:%M}"


def offset(zone: str, now: datetime) -> str:
    """ "UTC+9", "UTC−3:30" at that moment."""
    seconds = int((now.astimezone(zone_of(zone)).utcoffset() or timedelta()).total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"UTC{'−' if seconds < 0 else '+'}{hours}" + (f":{minutes:02}" if minutes else "")


def warm() -> None:
    """Read the names now (about 0.2 s) rather than at the first question. May run in a thread."""
    _index()


def _of_offset(match: re.Match[str]) -> tuple[str, ...]:
    """Etc/GMT's signs are the other way round, as POSIX has them."""
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    minutes = minutes if match[1] == "+" else -minutes
    if minutes == 0:
        return ("UTC",)
    if minutes in _HALF_HOURS:
        return (_HALF_HOURS[minutes],)
    if minutes % 60 or not -12 <= minutes // 60 <= 14:  # noqa: PLR2004 - the offsets that exist
        return ()
    return (f"Etc/GMT{-minutes // 60:+d}",)


def _beginning(index: dict[str, tuple[str, ...]], wanted: str) -> tuple[str, ...]:
    if len(wanted) < PREFIX_FROM:
        return ()
    return _merged(zones for key, zones in index.items() if key.startswith(wanted))


def _mistyped(index: dict[str, tuple[str, ...]], wanted: str) -> tuple[str, ...]:
    if len(wanted) < TYPO_FROM:
        return ()
    return _merged(zones for key, zones in index.items() if len(key) >= TYPO_FROM - 1 and one_apart(key, wanted))


def _merged(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(zone for zones in groups for zone in zones))


@cache
def _iana() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@cache
def _index() -> dict[str, tuple[str, ...]]:
    """Folded name → zones. Cities come before countries of the same name."""
    names: dict[str, tuple[str, ...]] = {}
    for name, zones in (*_cities(), *_countries()):
        if name and name not in names:
            names[name] = tuple(zones)
    return {name: tuple(zone for zone in zones if zone.casefold() in _iana()) for name, zones in names.items()}


@cache
def _by_country() -> dict[str, tuple[str, ...]]:
    """ISO country code → its zones, most people's first, as the tz database lists them."""
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    found: dict[str, list[str]] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found.setdefault(country, []).append(zone)
    return {country: tuple(zones) for country, zones in found.items()}


def _cities() -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from ((name, tuple(zones.split())) for name, zones in _TWO_WORDS.items())
    yield from ((fold(name), (zone,)) for zone, names in _CITIES.items() for name in names.split())
    for zones in _by_country().values():
        yield from ((fold(label(zone)), (zone,)) for zone in zones)
    for language in LANGUAGES:
        for zone, names in Locale(language).time_zones.items():
            if "city" in names:
                yield fold(names["city"]), (_RENAMED.get(zone, zone),)


def _countries() -> Iterator[tuple[str, tuple[str, ...]]]:
    for language in LANGUAGES:
        territories = Locale(language).territories
        for country, zones in _by_country().items():
            yield fold(str(territories.get(country, ""))), zones


def exists(zone: str) -> bool:
    """Whether it is a zone's exact IANA name: for what comes back in a button."""
    return _iana().get(zone.casefold()) == zone
