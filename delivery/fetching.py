"""What Telegram fetches from elsewhere before it sends: an alert's photo, the pictures of a rich message.

    unknown ──one call asks──→ had: the file goes to all others
       │                  └──→ lost, or no answer: text for all others
       └─ the other chats' wait in the queue, hold no call slot, and when patience is over leave as text

Our call waits while Telegram does, so hosts that hang hold one call slot in TRIALS_SHARE at the most. Nothing of it is
stored: after a restart one call asks anew. Times are monotonic seconds.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto

from delivery.fate import FateKind
from delivery.photo import parsed
from storage.claims import Claim
from storage.records import Lane

# Most photos are there within two seconds, and an alert is not worth more. A digest is: at the full hour many have
# pictures that nobody was sent yet, and one after another is asked for.
PATIENCE_SECONDS, DIGEST_PATIENCE_SECONDS = 4.0, 20.0
# How long those that wait are put off before they are looked at again.
LOOK_SECONDS = 0.25
# Of all addresses together: a dozen articles of one host that hangs must not take all call slots either.
FEWEST_TRIALS, TRIALS_SHARE = 2, 4
# A host that was down for a minute is asked again, one that hangs not by each alert.
BELIEVED_SECONDS = 600.0
KEPT_SUBJECTS = 256


class Turn(Enum):
    """`FIRST`: it asks for what nobody was sent yet. `WAIT`: somebody does."""

    GO = auto()
    FIRST = auto()
    WAIT = auto()


@dataclass(slots=True)
class Known:
    """`since`: when it was wanted first. `tried`: asked for since then. `file`: what Telegram made of it; empty where
    it keeps that to itself.
    """

    since: float
    tried: bool = False
    file: str | None = None
    lost: bool = False


# A rich message has one picture at the most, and is JSON.
_PICTURE = re.compile(r'<img src=\\"(.+?)\\"')


def subject_of(claim: Claim) -> str | None:
    """What must be fetched: a photo's address, or the picture's in a rich message."""
    if claim.copy is not None:
        return None
    if claim.message.photo is not None:
        return str(parsed(claim.message.photo)["media"])
    found = None if claim.message.rich is None else _PICTURE.search(claim.message.rich)
    return None if found is None else f"rich {found[1]}"


class Fetching:
    """What is known of subjects, and which deliveries ask for one right now.

    `call_slots`: the sender's. `patience`, `digests`: seconds that an alert and a digest wait.
    """

    def __init__(
        self, call_slots: int, *, patience: float = PATIENCE_SECONDS, digests: float = DIGEST_PATIENCE_SECONDS
    ) -> None:
        self._trials = max(FEWEST_TRIALS, call_slots // TRIALS_SHARE)
        self._patience, self._digests = patience, digests
        self._known: dict[str, Known] = {}
        self._asking: dict[str, int] = {}  # subject → delivery

    def turn(self, claim: Claim, now: float, beside: Collection[Claim] = ()) -> Turn:
        """May the delivery be called? `beside`: others that are about to ask."""
        subject = subject_of(claim)
        if subject is None or (known := self._look_up(subject, now)).lost or known.file is not None:
            return Turn.GO
        asked, patient = self._asking.keys() | {subject_of(other) for other in beside}, self._patient(claim, known, now)
        if subject not in asked and len(asked) < self._trials and (patient or not known.tried):
            return Turn.FIRST
        return Turn.WAIT if patient else Turn.GO

    def begin(self, claim: Claim, now: float) -> None:
        """It asks first. Where all trials were taken for too long, patience begins anew."""
        if (subject := subject_of(claim)) is None:
            return
        known = self._look_up(subject, now)
        self._note(subject, Known(known.since if self._patient(claim, known, now) else now, tried=True))
        self._asking[subject] = claim.id

    def ended(self, claim: Claim) -> None:
        """Its call is over."""
        subject = subject_of(claim)
        if subject is not None and self._asking.get(subject) == claim.id:
            del self._asking[subject]

    def none_asks(self) -> None:
        """All calls are over."""
        self._asking.clear()

    def source(self, claim: Claim) -> str | None:
        """What to send of its subject: the file; the subject itself where this call asks for it; None: do without."""
        subject = subject_of(claim)
        if subject is None:
            return None
        known = self._known.get(subject)
        if known is not None and known.file is not None:
            return known.file
        return subject if self._asking.get(subject) == claim.id else None

    def had(self, subject: str, now: float, file: str) -> None:
        """A call arrived with it."""
        self._note(subject, Known(now, file=file))

    def refused(self, subject: str, now: float, fate: FateKind) -> None:
        """Nor is it to be had where the answer to the first call never came: the next one might hang too."""
        known = self._known.get(subject)
        doubted = fate is FateKind.DOUBT and (known is None or known.file is None)
        if fate is FateKind.NO_PHOTO or doubted:
            self._note(subject, Known(now, lost=True))

    def _patient(self, claim: Claim, known: Known, now: float) -> bool:
        return now - known.since < (self._digests if claim.lane >= Lane.DIGEST else self._patience)

    def _look_up(self, subject: str, now: float) -> Known:
        known = self._known.get(subject)
        old = known is not None and known.file is None and now - known.since >= BELIEVED_SECONDS
        if known is None or (old and subject not in self._asking):
            known = self._note(subject, Known(now))
        return known

    def _note(self, subject: str, known: Known) -> Known:
        self._known.pop(subject, None)
        if len(self._known) >= KEPT_SUBJECTS:
            del self._known[next(iter(self._known))]
        self._known[subject] = known
        return known
