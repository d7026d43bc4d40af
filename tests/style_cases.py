"""Small lessons with which nothing is wrong, for tests that put one thing wrong."""

from content.model import Lesson

NAMES = ["Mai", "Nam", "Hoa", "Tú", "Lan", "Bình", "Sơn", "Yến"]


def question(n, right=None, ask=None):
    """A question of its own: the right option in turns first, second, third; never the longest."""
    name = NAMES[n]
    labels = [f"{name} ngồi đọc sách", f"{name} ra vườn", f"{name} nấu cơm tối"]
    place = n % 3 if right is None else right
    labels[place] = f"{name} đi học"
    options = [{"text": text, "because": f"{text} thì mới hay."} for text in labels]
    options[place]["right"] = True
    return {"ask": ask or f"{name} làm gì?", "options": options}


def steps(*more, opening="{You} nghe chuyện này nhé."):
    """The steps of a lesson with which nothing is wrong, and more steps."""
    script = "Ngồi cạnh người nhà.\n1. Mở máy.\n2. Nói chậm.\n3. Để người nhà làm."
    return [
        {"say": opening},
        *(question(n) for n in range(4)),
        {"try": "Kể lại cho bạn nghe."},
        {"teach": script, "check": [question(4), question(5)]},
        *more,
    ]


def lesson(**changes):
    """A lesson with which nothing is wrong, changed here and there."""
    plain = {
        "id": "vi-du/bai",
        "title": "Bài mẫu",
        "for": ["pupil"],
        "minutes": 4,
        "skill": "khac",
        "goal": "Biết chọn việc đúng.",
        "remember": "Nghĩ rồi mới chọn.",
        "keywords": ["một", "hai", "ba", "bốn", "năm"],
        "steps": steps(),
    }
    return Lesson.model_validate(plain | changes)


def edition(*more, n_questions=3):
    """A part for relatives or the youngest with which nothing is wrong, and more steps."""
    return {"steps": [{"say": "Chào {you}."}, *(question(n) for n in range(n_questions)), *more]}
