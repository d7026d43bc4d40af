"""Which rows a sender has, and which have just ended: what was sent is not sent again."""

from collections.abc import Iterator

MOST_ENDED = 20_000


class Known:
    """The rows of one sender.

    A row that has ended may come once more from a reading of the table that began before its end
    was committed. Readings are numbered, so that one which began later is believed: then the
    operator has opened the row again.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: set[int] = set()
        self._ended: dict[int, int] = {}
        self._n_readings = 0

    def __len__(self) -> int:
        """How many rows have come and not yet ended."""
        return len(self._rows)

    def __iter__(self) -> Iterator[int]:
        """Their ids."""
        return iter(self._rows)

    def begin_reading(self) -> int:
        """The number of a reading of the table that begins now."""
        self._n_readings += 1
        return self._n_readings

    def take(self, row: int, reading: int = 0) -> bool:
        """Whether the row is new, from now on known. `reading`: 0 if it came in memory."""
        if row in self._rows or self._ended.get(row, -1) >= reading:
            return False
        self._ended.pop(row, None)
        self._rows.add(row)
        return True

    def end(self, row: int) -> None:
        """What became of the row is committed."""
        self._rows.discard(row)
        self._ended[row] = self._n_readings
        if len(self._ended) > MOST_ENDED:
            del self._ended[next(iter(self._ended))]
