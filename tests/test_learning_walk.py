"""Any words in any state of learning, guiding and confirming get an answer with a next step."""

from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.learning import learning_school, relative

WORDS = (
    *("1", "2", "3", "1", "2", "3", "4", "7"),
    *("hoc", "huongdan", "toi", "trợ giúp", "nguoithan"),
    *("Bà ngoại", "Hôm nay", "hôm qua", "20/11", "thứ hai", "Ngày khác"),
    *("đúng", "chưa", "để sau", "Bài khác", "Sửa việc ghi hôm nay", "bla bla", "Đưa máy"),
)
SPEAKERS = ("lan", "lan", "lan", "dung", "ba", "hoa")
STEPS = st.lists(
    st.tuples(st.sampled_from(SPEAKERS), st.sampled_from(WORDS)), min_size=20, max_size=60
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_any_words_in_any_state_get_an_answer_with_a_next_step(steps):
    with closing(learning_school("sqlite")) as schools:
        school = next(schools)
        relative(school, "ba", "ba-ngoai")
        talks = {alias: school.joined(alias) for alias in set(SPEAKERS)}
        for alias, text in steps:
            heard = talks[alias].says(text)
            assert heard.endswith("]"), f"{text!r}: {heard}"
            assert "{" not in heard
        unrecorded = [row for row in school.rows("run") if not row.recorded]
        assert {row.person_id for row in unrecorded} <= {school.person["dung"]}
        assert all(row.finished_at is None for row in unrecorded)
        school.engine.dispose()
