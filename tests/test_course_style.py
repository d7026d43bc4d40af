"""The shipped course has nothing that the style check would mark: lessons, scenes, help cards."""

from datetime import date

from bot.content_load import Shelf, marked

TODAY = date(2026, 11, 22)  # facts come close to their review as time goes by: a day is fixed


def test_the_shipped_course_has_no_finding():
    library, problems = Shelf(lambda: TODAY).looked_at([])
    assert [marked(problem) for problem in problems] == []
    assert library is not None
    assert len(library.lessons) == 43
