"""Lanes: each chat's rows in order, and the two lines in which chats wait for their turn."""

from collections import deque
from dataclasses import dataclass, field

from bot.channels import OutRow


@dataclass(slots=True, eq=False)
class Lane:
    """One chat's rows that wait; the first is the one in flight while `busy`.

    Attributes:
        queued: it stands in a line, ready to start.
        behind: it stands in the line of what nobody waits for.
        chat: the chat's new id, once it has moved.
        tries, unsure, moves: what has happened to the first row so far.
    """

    account: int
    behind: bool
    rows: deque[OutRow] = field(default_factory=deque)
    busy: bool = False
    queued: bool = False
    chat: str | None = None
    tries: int = 0
    unsure: int = 0
    moves: int = 0

    def push(self, row: OutRow) -> None:
        """Add a row in the order of ids; never before the one in flight."""
        if not self.rows or self.rows[-1].id < row.id:
            self.rows.append(row)
            return
        first = [self.rows.popleft()] if self.busy else []
        self.rows = deque([*first, *sorted([*self.rows, row], key=lambda one: one.id)])

    def shift(self) -> None:
        """The first row has come to its end."""
        self.rows.popleft()
        self.tries = self.unsure = self.moves = 0


class Lines:
    """Two lines of lanes that are ready: answers, and behind them what nobody waits for.

    A lane that is called to the front leaves its old place standing; it is skipped later.
    """

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._front: deque[Lane] = deque()
        self._behind: deque[Lane] = deque()

    def put(self, lane: Lane) -> None:
        """Let a lane wait at the end of its line."""
        lane.queued = True
        (self._behind if lane.behind else self._front).append(lane)

    def call_to_front(self, lane: Lane) -> None:
        """Somebody waits for this lane now."""
        lane.behind = False
        if lane.queued:
            self._front.append(lane)

    def first(self) -> Lane | None:
        """The lane to start next; it stays where it is."""
        for line in (self._front, self._behind):
            while line:
                if line[0].queued:
                    return line[0]
                line.popleft()
        return None

    def leave(self, lane: Lane) -> None:
        """The lane that was first starts."""
        (self._front or self._behind).popleft()
        lane.queued, lane.busy = False, True
