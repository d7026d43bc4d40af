"""Cards of what a person is to remember, the scenes they saw, and their reviews."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, func, select, update

from content.memory import Card
from db.memory_tables import card, review, sighting
from db.models import attempt, run
from db.session import Session

OF_PERSON = card.c.person_id == bindparam("person")
CARDS = select(card).where(OF_PERSON, card.c.item.in_(bindparam("items", expanding=True)))
PUT_OFF = (
    update(card)
    .where(OF_PERSON, card.c.item.in_(bindparam("items", expanding=True)))
    .values(due_at=bindparam("until"))
)
DUE = select(card).where(OF_PERSON, card.c.due_at <= bindparam("at")).order_by(card.c.due_at)
N_DUE = select(func.count()).where(OF_PERSON, card.c.due_at <= bindparam("at"))
NTH_DUE_AT = (
    select(card.c.due_at)
    .where(OF_PERSON)
    .order_by(card.c.due_at)
    .limit(1)
    .offset(bindparam("before"))
)
TRIES = (
    select(attempt.c.step, attempt.c.right)
    .where(attempt.c.run_id == bindparam("run"), attempt.c.at >= bindparam("since"))
    .order_by(attempt.c.id)
)
FINISHED = (
    select(run.c.id)
    .where(
        run.c.person_id == bindparam("person"),
        run.c.recorded.is_(True),
        run.c.finished_at.is_not(None),
    )
    .order_by(run.c.id.desc())
    .limit(1)
)
LEARNED_IN = FINISHED.where(run.c.lesson == bindparam("which"))

SEEN = select(sighting.c.scene).where(
    sighting.c.person_id == bindparam("person"), sighting.c.at >= bindparam("since")
)
VERDICTS = (
    select(sighting.c.scene, sighting.c.fake, sighting.c.said_fake)
    .where(
        sighting.c.person_id == bindparam("person"),
        sighting.c.scene.in_(bindparam("scenes", expanding=True)),
    )
    .order_by(sighting.c.id)
)
# The same scene may have been seen long ago too: only its newest sighting is answered now.
NEWEST = (
    select(func.max(sighting.c.id))
    .where(sighting.c.person_id == bindparam("row"), sighting.c.scene == bindparam("which"))
    .scalar_subquery()
)
SHOWN = update(sighting).where(sighting.c.id == NEWEST).values(at=bindparam("now_at"))
JUDGE = (
    update(sighting)
    .where(sighting.c.id == NEWEST, sighting.c.said_fake.is_(None))
    .values(said_fake=bindparam("verdict"))
)
FAKE, SAID_FAKE = sighting.c.fake.is_(True), sighting.c.said_fake.is_(True)
RATES = select(
    func.count(case((FAKE, 1))).label("n_fake"),
    func.count(case((and_(FAKE, SAID_FAKE), 1))).label("n_hit"),
    func.count(case((~FAKE, 1))).label("n_genuine"),
    func.count(case((and_(~FAKE, SAID_FAKE), 1))).label("n_alarm"),
).where(sighting.c.person_id == bindparam("person"), sighting.c.said_fake.is_not(None))
REVIEWED_AT = select(review.c.at).where(review.c.person_id == bindparam("person"))


@dataclass(frozen=True, slots=True)
class Rates:
    """How a person judged scenes: of the fake ones found out, of the genuine ones suspected.

    Attributes:
        n_fake: fake scenes answered.
        n_hit: of them, called fake.
        n_genuine: genuine scenes answered.
        n_alarm: of them, called fake.
    """

    n_fake: int
    n_hit: int
    n_genuine: int
    n_alarm: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review that came to its end: items right at the first try, of how many."""

    person_id: int
    class_id: int | None
    n_items: int
    n_right: int


class Memory:
    """Reads and writes of cards, sightings and reviews."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def cards(self, person: int, items: Iterable[str]) -> dict[str, Card]:
        """The cards that the person has of these items, by item."""
        wanted = sorted(set(items))
        if not wanted:
            return {}
        rows = self._session.all(CARDS, {"person": person, "items": wanted})
        return {row.item: _card(row) for row in rows}

    def due(self, person: int, now: datetime) -> Sequence[Card]:
        """The person's cards that are due, the longest overdue first."""
        return [_card(row) for row in self._session.all(DUE, {"person": person, "at": now})]

    def put_off(self, person: int, items: Iterable[str], until: datetime) -> None:
        """Let cards rest that cannot be asked now."""
        wanted = sorted(set(items))
        if wanted:
            self._session.read(PUT_OFF, {"person": person, "items": wanted, "until": until})

    def n_due(self, person: int, now: datetime) -> int:
        """How many of the person's cards are due."""
        return int(self._session.read(N_DUE, {"person": person, "at": now}).scalar_one())

    def nth_due_at(self, person: int, n: int = 1) -> datetime | None:
        """When the person's first card is or was due, or so many are; None if they have less."""
        row = self._session.one(NTH_DUE_AT, {"person": person, "before": n - 1})
        return row.due_at if row is not None else None

    def tries(self, run: int, since: datetime) -> Sequence[Row[Any]]:
        """The answers of a run from an instant on, in order: step, right."""
        return self._session.all(TRIES, {"run": run, "since": since})

    def keep(self, person: int, cards: Sequence[Card]) -> None:
        """Write cards, new ones and known ones, in one statement."""
        if not cards:
            return
        statement = self._session.upsert(card).values(
            [{"person_id": person, **asdict(one)} for one in cards]
        )
        names = ("stability", "difficulty", "due_at", "last_at", "misses")
        new = {name: statement.excluded[name] for name in names}
        self._session.read(
            statement.on_conflict_do_update(index_elements=["person_id", "item"], set_=new)
        )

    def saw(self, person: int, scene: str, fake: bool, now: datetime) -> None:
        """A scene is shown to the person, or kept for a run of theirs that begins."""
        self._session.add(sighting, person_id=person, scene=scene, fake=fake, at=now)

    def shown(self, person: int, scene: str, now: datetime) -> None:
        """The scene that was kept for the person is shown now."""
        self._session.change(SHOWN, person, which=scene, now_at=now)

    def judged(self, person: int, scene: str, said_fake: bool) -> None:
        """What they said of the scene when they saw it last; a second word changes nothing."""
        self._session.change(JUDGE, person, which=scene, verdict=said_fake)

    def learned_in(self, person: int, lesson: str | None) -> int | None:
        """The run in which the person finished this lesson last, or any: its id, None without."""
        values = {"person": person}
        if lesson is None:
            row = self._session.one(FINISHED, values)
        else:
            row = self._session.one(LEARNED_IN, {**values, "which": lesson})
        return row.id if row is not None else None

    def verdicts(self, person: int, scenes: Iterable[str]) -> dict[str, bool]:
        """Of these scenes those that were judged when last seen, and whether rightly."""
        wanted = sorted(set(scenes))
        if not wanted:
            return {}
        rows = self._session.all(VERDICTS, {"person": person, "scenes": wanted})
        newest = {row.scene: row for row in rows}
        return {
            name: row.fake == row.said_fake
            for name, row in newest.items()
            if row.said_fake is not None
        }

    def seen_since(self, person: int, since: datetime) -> frozenset[str]:
        """The scenes that the person was shown from `since` on."""
        rows = self._session.all(SEEN, {"person": person, "since": since})
        return frozenset(row.scene for row in rows)

    def rates(self, person: int) -> Rates:
        """How the person judged the scenes that they answered."""
        return Rates(**self._session.read(RATES, {"person": person}).one()._asdict())

    def reviewed(self, done: Reviewed, now: datetime) -> None:
        """A review came to its end."""
        self._session.add(review, **asdict(done), at=now)

    def reviewed_at(self, person: int) -> Sequence[datetime]:
        """When the person ended reviews, in no order."""
        return [row.at for row in self._session.all(REVIEWED_AT, {"person": person})]


def _card(row: Row[Any]) -> Card:
    values = row._asdict()
    return Card(**{name: values[name] for name in Card.__dataclass_fields__})
