"""Lanes: each chat's rows in order, and the three lines in which chats wait for their turn."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from heapq import heappop, heappush

from bot.channels import OutRow
from db.store.outbox import RANKS

RANK = {rank: place for place, rank in enumerate(RANKS)}
LAST = len(RANKS) - 1


@dataclass(slots=True, eq=False)
class Lane:
    """One chat's rows that wait; the first is the one in flight while `busy`.

    Attributes:
        account: our id of the chat.
        rows: in the order in which they go out.
        ticket: its place in a line, ready to start; 0 in none.
        line: which line that is, a place in `RANKS`.
        chat: the chat's new id, once it has moved.
        unsure, moves: what has happened to the first row so far.
    """

    account: int
    rows: deque[OutRow] = field(default_factory=deque)
    busy: bool = False
    ticket: int = 0
    line: int = LAST
    chat: str | None = None
    unsure: int = 0
    moves: int = 0

    @property
    def rank(self) -> int:
        """The best rank among its rows: what stands before an answer is in its way."""
        if len(self.rows) == 1:
            return RANK.get(self.rows[0].rank, LAST)
        return min(RANK.get(row.rank, LAST) for row in self.rows)

    def push(self, row: OutRow) -> None:
        """Add a row in the order of ids; never before the one in flight."""
        if not self.rows or self.rows[-1].id < row.id:
            self.rows.append(row)
            return
        first = [self.rows.popleft()] if self.busy else []
        self.rows = deque([*first, *sorted([*self.rows, row], key=lambda one: one.id)])

    def remove(self, ids: Collection[int]) -> None:
        """These rows have come to their end; the first is among them."""
        if len(ids) == 1:
            self.rows.popleft()
        else:
            self.rows = deque(row for row in self.rows if row.id not in ids)
        self.unsure = self.moves = 0


class Lines:
    """Three lines of lanes that are ready: answers, behind them tallies, behind them reminders.

    In a line the oldest row is first, so that one that was refused loses no place. A lane that is
    called forward leaves its old place standing; it is skipped later.
    """

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._lines: tuple[list[tuple[int, int, Lane]], ...] = tuple([] for _ in RANKS)
        self._last_ticket = 0
        self.n = 0

    def put(self, lane: Lane) -> None:
        """Let a lane wait in the line of its best row."""
        if not lane.ticket:
            self.n += 1
        self._last_ticket += 1
        lane.ticket, lane.line = self._last_ticket, lane.rank
        heappush(self._lines[lane.line], (lane.rows[0].id, lane.ticket, lane))

    def call_forward(self, lane: Lane) -> None:
        """It has got a row: if that is a better one, the lane changes to a better line."""
        if lane.ticket and lane.rank < lane.line:
            self.put(lane)

    def first(self, last: int = LAST) -> Lane | None:
        """The lane to start next, of the lines up to `last`; it stays where it is."""
        for line in self._lines[: last + 1]:
            while line:
                _, ticket, lane = line[0]
                if lane.ticket == ticket:
                    return lane
                heappop(line)
        return None

    def leave(self, lane: Lane) -> None:
        """The lane that was first starts."""
        self.n -= 1
        lane.ticket, lane.busy = 0, True
