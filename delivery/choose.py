"""Of the deliveries that may leave, which do, which wait, which are dropped? Pure but for the notes of who is asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from delivery.amend import BUSY_AGAIN, Step, step
from delivery.errors import LONGEST_SILENCE
from delivery.fetching import Fetching, Turn
from delivery.pace import Pacer
from storage.claims import Claim
from storage.quiet import end_of
from storage.records import ChatState

WITHDRAWN = "Its article was killed before it was sent."
EXPIRED = "Too late: it was only worth sending until then."

# A chat that is free this soon is not put off: it has its turn when its slot comes.
SOON_SECONDS = 0.02


@dataclass(slots=True)
class Choice:
    go: list[tuple[Claim, float]] = field(default_factory=list)  # with the time of its slot
    wait: list[tuple[Claim, datetime]] = field(default_factory=list)
    drop: dict[str, list[int]] = field(default_factory=dict)  # by reason
    hold: list[tuple[Claim, datetime]] = field(default_factory=list)  # until quiet hours end
    skip: list[Claim] = field(default_factory=list)  # nothing is to be done for this part
    asking: list[Claim] = field(default_factory=list)  # of those that go: Telegram must fetch what they hold
    put_off: list[Claim] = field(default_factory=list)  # for a moment: another asks for what they hold

    @property
    def progress(self) -> bool:
        return bool(self.go or self.wait or self.drop or self.hold or self.skip or self.put_off)


def choose(
    claims: Iterable[Claim], slots: Sequence[float], pacer: Pacer, fetching: Fetching, now: datetime, clock: float
) -> Choice:
    """Give the slots (monotonic seconds) to the best claims whose chats are free at that time.

    `now` and `clock` are the same moment. A claim is weighed only until the slots are given away.
    """
    choice, free = Choice(), list(slots)
    for claim in claims:
        if not free:
            break
        if (reason := _refused(claim, now)) is not None:
            choice.drop.setdefault(reason, []).append(claim.id)
            continue
        if claim.quiet is not None and (end := end_of(claim.quiet, claim.zone, now)) is not None:
            choice.hold.append((claim, end))
            continue
        if (doing := step(claim, now)) is Step.PASS:
            choice.skip.append(claim)
            continue
        if doing is Step.WAIT:
            choice.wait.append((claim, now + BUSY_AGAIN))
            continue
        until = _wait(claim, free[0], pacer, now, clock)
        if until is not None:
            choice.wait.append((claim, until))
            continue
        if (turn := fetching.turn(claim, clock, choice.asking)) is Turn.WAIT:
            choice.put_off.append(claim)
            continue
        choice.asking += [claim] if turn is Turn.FIRST else []
        slot = free.pop(0)
        pacer.use(claim.chat_id, slot)
        choice.go.append((claim, slot))
    return choice


def _refused(claim: Claim, now: datetime) -> str | None:
    if claim.chat_state is ChatState.STOPPED and claim.copy is None:  # what they have is corrected all the same
        return "The chat said /stop."
    if claim.chat_state is ChatState.GONE:
        return claim.gone_reason or "The chat can't be reached."
    if claim.message.gone and claim.copy is None and claim.parts == 1:
        return WITHDRAWN
    return EXPIRED if claim.expires_at is not None and claim.expires_at <= now else None


def _wait(claim: Claim, slot: float, pacer: Pacer, now: datetime, clock: float) -> datetime | None:
    if claim.retry_at is not None and now < claim.retry_at <= now + LONGEST_SILENCE:
        return claim.retry_at
    ready = pacer.ready(claim.lane, claim.chat_id, clock)
    return now + timedelta(seconds=ready - clock) if ready > slot + SOON_SECONDS else None
