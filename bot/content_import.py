"""Turning a teacher's quiz spreadsheet into a lesson file to finish by hand."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bot.cli import FAILURE, WRONG_USE, fail, say, warn
from bot.quiz_sheet import MOST_QUESTIONS, Quiz, RowNote, read_quiz
from bot.roster_model import RosterError
from content.dialogue import bare, nfc
from content.loader import MAX_ID, NAME_RE
from content.marked import MAX_BYTES
from content.quiz_file import draft

OWN_FOLDER = Path("bai-hoc")
WRITTEN = (
    "Đã ghi {n} câu hỏi vào {out}.\n"
    "Còn phải viết những chỗ ghi TODO: mở tệp ấy ra, viết xong thì gõ\n"
    "  lantoa content check {folder}\n"
    "Lệnh ấy chỉ ra từng dòng còn thiếu. Cách viết: content/README.md."
)


def import_quiz(
    quiz: Path, out: Path | None, module: str, folders: Sequence[Path], day: date
) -> None:
    """Write a lesson to finish by hand, or say everything that is wrong and write nothing.

    Args:
        quiz: the .xlsx file.
        out: where to write; left out, `<folder>/<module>/<name of the quiz>.yaml`.
        module: the lesson's module, a folder name.
        folders: the school's own lesson folders; the first one is written to.
        day: today, when the facts count as checked.

    Raises:
        typer.Exit: 1, the quiz cannot be taken or the file is there already; 2, a wrong name.
    """
    out = out or _place(quiz, module, folders[0] if folders else OWN_FOLDER)
    _refuse_place(out)
    read = _read(quiz)
    text = draft(nfc(quiz.stem.replace("_", " ")), read.questions, quiz.name, day)
    if len(text.encode()) > MAX_BYTES:
        fail(f"Tệp này có {len(read.questions)} câu hỏi, quá nhiều cho một bài. Hãy chia nhỏ ra.")
    _write(out, text)
    _tell(read.notes, "LƯU Ý")
    if len(read.questions) > MOST_QUESTIONS:
        warn(
            f"LƯU Ý {len(read.questions)} câu là dài cho một bài: nên có 4-{MOST_QUESTIONS} câu. "
            "Hãy bớt đi, hoặc chia thành nhiều bài.",
            "yellow",
        )
    say(WRITTEN.format(n=len(read.questions), out=out, folder=out.parent.parent))


def _place(quiz: Path, module: str, folder: Path) -> Path:
    room = MAX_ID - len(module) - 1
    name = re.sub(r"[^a-z0-9]+", "-", bare(quiz.stem)).strip("-")[: max(room, 0)].strip("-")
    return folder / module / f"{name or 'bai-moi'}.yaml"


def _refuse_place(out: Path) -> None:
    """Names that `content check` would refuse are refused here."""
    names = (out.absolute().parent.name, out.stem)
    if out.suffix != ".yaml" or not all(NAME_RE.fullmatch(name) for name in names):
        fail(
            f"Không ghi vào {out} được: cần <chủ đề>/<bài>.yaml, tên chỉ gồm chữ thường không dấu, "
            "số và gạch ngang.",
            WRONG_USE,
        )
    if len("/".join(names)) > MAX_ID:
        fail(f"Tên “{'/'.join(names)}” dài quá {MAX_ID} ký tự; hãy đặt tên khác.", WRONG_USE)


def _read(path: Path) -> Quiz:
    try:
        quiz = read_quiz(path)
    except RosterError as error:
        fail(str(error))
    if quiz.problems:
        _tell([*quiz.problems], "LỖI")
        fail(f"Có {len(quiz.problems)} dòng chưa dùng được, chưa ghi gì cả.", FAILURE)
    if not quiz.questions:
        _tell(quiz.notes, "LƯU Ý")
        fail("Không còn câu hỏi nào dùng được, chưa ghi gì cả.")
    return quiz


def _write(out: Path, text: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        fail(f"Đã có tệp {out}; không ghi đè. Hãy chọn tên khác bằng --out.")
    except OSError as error:
        fail(f"Không ghi được vào {out}: {error.strerror}.")


def _tell(notes: Sequence[RowNote], kind: str) -> None:
    for note in notes:
        warn(f"{kind} {note.shown()}", "red" if kind == "LỖI" else "yellow")
