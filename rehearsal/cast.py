"""Who stands on the school's list: classes, pupils with real-looking names, teachers; by seed."""

import random
from collections.abc import Iterator
from itertools import cycle

from rehearsal.habits import dice
from rehearsal.terms import Cast, CastPupil, CastStaff, Plot

GRADES = (6, 7, 8, 9)
FAMILIES = (
    *("Nguyễn",) * 12,
    *("Trần",) * 4,
    *("Lê",) * 4,
    *("Phạm",) * 3,
    *("Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý"),
    *("Đinh", "Lương", "Mai", "Tô", "Trịnh", "Đoàn", "Lò", "Vàng", "Quách", "Âu", "Ông", "Lưu"),
)
GIRLS = (
    ("Thị", "Thị", "Ngọc", "Thanh", "Khánh", "Bảo", "Minh", "Thùy", "Phương", "Thị Ngọc", "Hà"),
    ("An", "Ánh", "Ân", "Chi", "Dung", "Đào", "Giang", "Hà", "Hằng", "Hương", "Lan", "Linh", "Ly"),
    ("Mai", "My", "Nga", "Ngân", "Nhi", "Như", "Oanh", "Quỳnh", "Thảo", "Thư", "Trang", "Vy", "Ý"),
)
BOYS = (
    ("Văn", "Văn", "Đức", "Minh", "Gia", "Quang", "Hữu", "Tuấn", "Bá", "Văn Anh", "Đình", "Xuân"),
    ("Anh", "Ân", "Bảo", "Bình", "Cường", "Dũng", "Duy", "Đạt", "Đức", "Hải", "Hiếu", "Huy"),
    ("Hưng", "Khôi", "Kiên", "Lâm", "Long", "Mạnh", "Minh", "Nam", "Phúc", "Quân", "Sơn", "Tú"),
)
ALWAYS = ("Ân", "Đỗ Thị Dung", "Nguyễn Thị Ân", "Nguyễn Minh Anh", "Y Bia", "H'Hen Niê")
CONSENTS: tuple[bool | None, ...] = (*(True,) * 17, False, None, None)
TWO_LEADS = 20


def make_cast(plot: Plot) -> Cast:
    """The school's list for a plot; the same plot gives the same list.

    In the first two classes stand a one-word name, names that fold to a command of the chat
    ("dung"), and the same full names in both; within a class full names are unique.
    """
    chance = dice("cast", plot.seed)
    labels = class_labels(plot.n_classes)
    names = [_names(chance, ALWAYS[: plot.n_pupils] if n < 2 else ()) for n in range(len(labels))]
    pupils = [
        CastPupil(next(names[place]), labels[place], chance.choice(CONSENTS))
        for _, place in zip(range(plot.n_pupils), cycle(range(len(labels))), strict=False)
    ]
    pupils.sort(key=lambda pupil: labels.index(pupil.label))
    return Cast(tuple(pupils), tuple(_staff(chance, labels)))


def class_labels(n: int) -> list[str]:
    """The labels of `n` classes, spread over grades 6 to 9: 6A1, 6A2, … 9A1."""
    sizes = [n // len(GRADES) + (place < n % len(GRADES)) for place in range(len(GRADES))]
    return [
        f"{grade}A{number}"
        for grade, size in zip(GRADES, sizes, strict=True)
        for number in range(1, size + 1)
    ]


def _names(chance: random.Random, first: tuple[str, ...]) -> Iterator[str]:
    """Full names without end, each once, `first` before all others."""
    taken = set(first)
    yield from first
    while True:
        name = _name(chance)
        if name not in taken:
            taken.add(name)
            yield name


def _name(chance: random.Random) -> str:
    middles, *given = chance.choice((GIRLS, BOYS))
    parts = (chance.choice(FAMILIES), chance.choice(middles), chance.choice(chance.choice(given)))
    return " ".join(parts)


def _staff(chance: random.Random, labels: list[str]) -> Iterator[CastStaff]:
    """A homeroom teacher for each class, one or two leads, and one of the leadership."""
    # A teacher called Ông is written like a title ("ông Hà Thư"): a list cannot tell them apart.
    names = (name for name in _names(chance, ()) if not name.startswith("Ông "))
    for label in labels:
        yield CastStaff(next(names), "homeroom", label)
    for _ in range(2 if len(labels) > TWO_LEADS else 1):
        yield CastStaff(next(names), "lead")
    yield CastStaff(next(names), "leadership")
