"""Who may do what, and how often."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.access import Who, effective_role, refusal, visible
from bot.limits import Limits, Take
from storage.records import ChatKind, Role

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("may_change", [True, False])
@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("who", list(Who))
def test_access_is_by_role_for_the_desk_and_by_the_chat_for_its_choices(
    who: Who, role: Role | None, may_change: bool
) -> None:
    allowed = refusal(who, kind=ChatKind.GROUP, role=role, may_change=may_change) is None
    ranks = {None: 0, Role.CONTRIBUTOR: 1, Role.EDITOR: 2, Role.OWNER: 3}
    wanted = {Who.CONTRIBUTOR: 1, Who.EDITOR: 2, Who.OWNER: 3}.get(who, 0)
    assert allowed == (ranks[role] >= wanted and (who is not Who.CHAT or may_change))
    assert visible(who, role=role, may_change=may_change) == allowed


def test_an_editor_is_no_admin_of_a_group() -> None:
    assert refusal(Who.CHAT, kind=ChatKind.GROUP, role=Role.OWNER, may_change=False)
    assert "channel" in (refusal(Who.CHAT, kind=ChatKind.CHANNEL, role=None, may_change=False) or "")


def test_owner_ids_make_owners_and_nobody_of_nobody() -> None:
    assert effective_role(None, 5, {5}) is Role.OWNER
    assert effective_role(Role.CONTRIBUTOR, 5, {5}) is Role.OWNER
    assert effective_role(Role.CONTRIBUTOR, 6, {5}) is Role.CONTRIBUTOR
    assert effective_role(None, 0, {0}) is None


def test_who_asks_too_fast_is_told_once_and_waits() -> None:
    limits = Limits(capacity=3, per_second=0.5, rest=4)
    assert [limits.take(1, NOW) for _ in range(6)] == [Take.OK] * 3 + [Take.NOTICE] + [Take.SILENCE] * 2
    assert limits.take(2, NOW) is Take.OK
    assert limits.wait == 4
    assert limits.take(1, NOW + timedelta(seconds=3)) is Take.SILENCE
    assert [limits.take(1, NOW + timedelta(seconds=4)) for _ in range(4)] == [Take.OK] * 2 + [Take.NOTICE, Take.SILENCE]


def test_who_hammers_on_is_told_no_oftener_than_the_wait_is_long() -> None:
    limits = Limits()
    takes = [limits.take(1, NOW + timedelta(seconds=tenth / 10)) for tenth in range(600)]
    assert takes.count(Take.NOTICE) <= 60 / limits.wait


def test_a_later_burst_is_told_again() -> None:
    limits = Limits(capacity=3)
    first = [limits.take(1, NOW) for _ in range(5)]
    later = [limits.take(1, NOW + timedelta(hours=1)) for _ in range(5)]
    assert first == later == [Take.OK] * 3 + [Take.NOTICE, Take.SILENCE]


def test_a_clock_that_goes_back_harms_nobody() -> None:
    limits = Limits(capacity=1)
    assert limits.take(1, NOW) is Take.OK
    assert limits.take(1, NOW - timedelta(hours=1)) is Take.NOTICE
