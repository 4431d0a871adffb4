"""What Telegram fetches from elsewhere before it sends: an alert's photo, the pictures of a rich message.

    unknown ──one call asks──→ had: the file goes to all others
       │                  └──→ lost, or no answer: text for all others
       └─ the other chats' wait in the queue, hold no call slot, and after PATIENCE_SECONDS leave as text

Our call waits while Telegram does, so a host that hangs holds MOST_TRIALS calls at the most. Nothing of it is stored:
after a restart one call asks anew. Times are monotonic seconds.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto

from delivery.fate import FateKind
from delivery.photo import parsed
from storage.claims import Claim

# Most photos are there within two seconds; an alert is not worth more.
PATIENCE_SECONDS = 4.0
# How long those that wait are put off before they are looked at again.
LOOK_SECONDS = 0.25
# Of all addresses together: a dozen articles of one host that hangs must not take all call slots either.
MOST_TRIALS = 2
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
    """`since`: when it was wanted first. `file`: what Telegram made of it; empty where it keeps that to itself."""

    since: float
    file: str | None = None
    lost: bool = False


def subject_of(claim: Claim) -> str | None:
    """What must be fetched: a photo's address, or the name of a rich message with pictures."""
    if claim.copy is not None:
        return None
    if claim.message.photo is not None:
        return str(parsed(claim.message.photo)["media"])
    pictures = claim.message.rich is not None and "<img " in claim.message.rich
    return f"rich {claim.edition_id} {claim.part} {claim.revision}" if pictures else None


class Fetching:
    """What is known of subjects, and which deliveries ask for one right now. `patience`: seconds."""

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._known: dict[str, Known] = {}
        self._asking: dict[str, int] = {}  # subject → delivery

    def turn(self, claim: Claim, now: float, beside: Collection[Claim] = ()) -> Turn:
        """May the delivery be called? `beside`: others that are about to ask."""
        subject = subject_of(claim)
        if subject is None or self._settled(self._look_up(subject, now), now):
            return Turn.GO
        asked = self._asking.keys() | {subject_of(other) for other in beside}
        return Turn.WAIT if subject in asked or len(asked) >= MOST_TRIALS else Turn.FIRST

    def begin(self, claim: Claim) -> None:
        """It asks first."""
        if (subject := subject_of(claim)) is not None:
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
        self._note(subject, Known(now, file))

    def refused(self, subject: str, now: float, fate: FateKind) -> None:
        """Nor is it to be had where the answer to the first call never came: the next one might hang too."""
        known = self._known.get(subject)
        doubted = fate is FateKind.DOUBT and (known is None or known.file is None)
        if fate is FateKind.NO_PHOTO or doubted:
            self._note(subject, Known(now, lost=True))

    def _settled(self, known: Known, now: float) -> bool:
        return known.file is not None or known.lost or now - known.since >= self._patience

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
