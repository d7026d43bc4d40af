"""What the tests of class, group and teacher share."""

from handlers.codes import issue_code
from tests.conversation import MiniSchool, Talk


def group_code(school: MiniSchool, label: str = "7A") -> str:
    """The class's group code that is in force."""
    found = []
    class_id = school.class_id[label]
    school.store(lambda s: found.append(issue_code(s, school.codes, "group", class_id, school.now)))
    return found[-1]


def bound(school: MiniSchool, label: str = "7A") -> Talk:
    """The class's group, bound by its code."""
    group = school.group(f"group-{label}")
    group.says(f"/gannhom {group_code(school, label)}")
    return group


def learns(school: MiniSchool, alias: str = "lan", label: str = "7A") -> None:
    """An answer by hand, now."""
    run = school.insert(
        "run",
        person_id=school.person[alias],
        class_id=school.class_id[label],
        lesson="x/y",
        state={},
        recorded=True,
        started_at=school.now,
    )
    school.insert(
        "attempt",
        run_id=run,
        person_id=school.person[alias],
        class_id=school.class_id[label],
        step="s",
        option="a",
        right=True,
        try_no=1,
        at=school.now,
    )
