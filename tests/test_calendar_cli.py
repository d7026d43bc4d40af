"""`lantoa school calendar`: the year in a short table, and a file to edit."""

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from content.calendar_file import preset, read_calendar

AT = "LANTOA_HOME"


@pytest.fixture
def lantoa(tmp_path, monkeypatch):
    """Run the command in an empty folder; what it printed, and its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(AT, str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "120")

    def run(*words):
        done = CliRunner().invoke(app, ["school", "calendar", *words])
        return done.exit_code, done.output

    return run


def test_the_year_is_shown_in_the_order_of_its_days(lantoa):
    code, shown = lantoa()
    assert code == 0
    rows = [line for line in shown.splitlines() if line.startswith("│")]
    assert [row.split("│")[2].strip() for row in rows][:5] == [
        "tuần 1–18",
        "nghỉ",
        "tuần 19–22",
        "nghỉ",
        "tuần 23–35",
    ]
    assert "05/02/2027 – 21/02/2027" in rows[3]
    assert "lịch mẫu đi kèm" in shown
    assert "Hôm nay" in shown


def test_rests_and_exams_of_single_classes_are_shown_with_them(lantoa, tmp_path):
    mine = preset("2026-2027").read_text(encoding="utf-8")
    exam = (
        "exams:\n  - {name: Thi thử, first: 2027-05-10, last: 2027-05-16, classes: [khối 9, 7a]}\n"
    )
    (tmp_path / "lich.yaml").write_text(mine.partition("exams:")[0] + exam, encoding="utf-8")
    (tmp_path / "lantoa.toml").write_text("[school]\ncalendar = 'lich.yaml'", encoding="utf-8")
    code, shown = lantoa()
    assert code == 0
    (row,) = [line for line in shown.splitlines() if "Thi thử" in line]
    assert "khối 9, 7A" in row
    assert "lich.yaml" in shown


def test_a_written_file_is_read_back_and_never_overwritten(lantoa, tmp_path):
    assert lantoa("--out", "lich.yaml")[0] == 0
    made = tmp_path / "lich.yaml"
    assert read_calendar(made) == read_calendar(preset("2026-2027"))
    made.write_text("của trường", encoding="utf-8")
    code, said = lantoa("--out", "lich.yaml")
    assert (code, "Đã có tệp lich.yaml" in said) == (1, True)
    assert made.read_text(encoding="utf-8") == "của trường"


def test_what_it_says_about_the_settings_works_as_written(lantoa, tmp_path):
    _, said = lantoa("--out", "lich.yaml")
    (line,) = [line for line in said.splitlines() if line.startswith("calendar = ")]
    (tmp_path / "lantoa.toml").write_text(f"[school]\n{line}", encoding="utf-8")
    code, shown = lantoa()
    assert (code, "lich.yaml" in shown.splitlines()[0]) == (0, True)


def test_a_year_without_a_preset_gets_the_newest_and_is_told(lantoa, tmp_path):
    (tmp_path / "lantoa.toml").write_text("[school]\nyear = '2029-2030'", encoding="utf-8")
    code, said = lantoa("--out", "lich.yaml")
    assert (code, "Chưa có mẫu cho năm học 2029-2030" in said) == (0, True)
    assert "chưa có lịch" in lantoa()[1]


def test_a_faulty_file_is_a_sentence_with_its_line(lantoa, tmp_path):
    (tmp_path / "lich.yaml").write_text("year: 2026", encoding="utf-8")
    (tmp_path / "lantoa.toml").write_text("[school]\ncalendar = 'lich.yaml'", encoding="utf-8")
    code, said = lantoa()
    assert (code, "lich.yaml:1: year: Chỗ này phải là chữ" in said) == (2, True)


def test_a_place_that_cannot_be_written_is_a_sentence(lantoa):
    code, said = lantoa("--out", "khong/co/lich.yaml")
    assert (code, "Không ghi được tệp" in said) == (1, True)


def test_a_list_of_breaks_is_shown_with_what_it_lacks(lantoa, tmp_path):
    (tmp_path / "lantoa.toml").write_text(
        "[school]\ncalendar = ['2027-02-08..2027-02-21']", encoding="utf-8"
    )
    code, shown = lantoa()
    assert (code, "08/02/2027 – 21/02/2027" in shown) == (0, True)
    assert "không biết khi nào là hè" in shown
