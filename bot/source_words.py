"""How sources are told of, in Telegram and on the command line. Pure; plain text."""

from datetime import datetime, timedelta

from storage.records import FeedState, PolledFeed

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def span(time: timedelta) -> str:
    """ "5 minutes", "2 days": the largest unit that fits."""
    seconds = max(0, round(time.total_seconds()))
    for size, name in _UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count != 1 else ''}"
    return "a moment"


def mark(feed: PolledFeed) -> str:
    if feed.state is FeedState.PAUSED:
        return "⏸"
    return "⚠️" if feed.failures else "✅"


def health(feed: PolledFeed, now: datetime) -> str:
    """One line: how the source is."""
    if feed.state is FeedState.PAUSED:
        return f"paused: {feed.reason or 'by an editor'}"
    if feed.failures and feed.failing_since is not None:
        return f"failing for {span(now - feed.failing_since)}: {feed.last_error}"
    if feed.ok_at is None:
        return "new, not looked at yet"
    return f"looked at {span(now - feed.ok_at)} ago"


def next_look(feed: PolledFeed, now: datetime) -> str:
    return "now" if feed.next_at <= now else f"in {span(feed.next_at - now)}"


def articles(count: int) -> str:
    return f"{count} article{'s' if count != 1 else ''}"
