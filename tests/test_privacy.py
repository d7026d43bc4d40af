"""Privacy: what is kept is said truly, consent is taken back, and erased means erased."""

from datetime import date

from tests.conversation import MiniSchool, Talk


def grandmother(school: MiniSchool, *, joined: bool = False) -> tuple[Talk, int]:
    """Lan with a grandmother; her id."""
    talk = school.joined("lan")
    talk.says("nguoithan")
    talk.taps("Thêm người thân")
    talk.taps("Bà ngoại")
    talk.taps("Từ 60 tuổi")
    talk.says("bà Tư")
    (person,) = [row for row in school.rows("person") if row.kind == "relative"]
    if joined:
        other = school.chat("granny")
        other.says(school.codes.make("person", person.id, 1))
        other.taps("Đúng là tôi")
        other.taps("Bà")
    return talk, person.id


def learned(school: MiniSchool, person: int, *, finished: bool = True) -> None:
    """One run with one answer."""
    run = school.insert(
        "run",
        person_id=person,
        class_id=school.class_id["7A"],
        lesson="an-toan/otp",
        state={},
        recorded=True,
        started_at=school.now,
        finished_at=school.now if finished else None,
    )
    school.insert(
        "attempt",
        run_id=run,
        person_id=person,
        class_id=school.class_id["7A"],
        step="s1",
        option="o1",
        right=True,
        try_no=1,
        at=school.now,
    )


def guided(school: MiniSchool, relative: int) -> int:
    """Lan has guided the relative, who confirmed and showed it."""
    guidance = school.insert(
        "guidance",
        pupil_id=school.person["lan"],
        relative_id=relative,
        class_id=school.class_id["7A"],
        skill="an-toan",
        day=date(2026, 11, 17),
        outcome="seen",
        claimed_at=school.now,
    )
    about = {"guidance_id": guidance, "path": "chat", "by_person_id": relative, "at": school.now}
    school.insert("confirmation", verdict="yes", **about)
    school.insert("skill_check", n_right=2, n_questions=2, passed=True, **about)
    return guidance


def test_a_pupil_sees_what_is_kept_until_when_and_for_whom(school: MiniSchool) -> None:
    talk, relative = grandmother(school)
    learned(school, school.person["lan"])
    guided(school, relative)
    heard = talk.says("dulieu")
    assert "Nguyễn Thị Lan, lớp 7A" in heard
    assert "Bài đã học xong: 1; câu đã trả lời: 1" in heard
    assert "Lần hướng dẫn người thân: 1" in heard
    assert "Bà ngoại (bà Tư), từ 60 tuổi" in heard
    assert "có, ghi ngày 07/09/2026" in heard
    assert "hết năm học 2027-2028" in heard
    assert "không có tên em" in heard


def test_withdrawing_stops_the_record_and_keeps_what_was(school: MiniSchool) -> None:
    talk = school.joined("lan")
    lan = school.person["lan"]
    learned(school, lan)
    learned(school, lan, finished=False)
    talk.says("dulieu")
    assert "Em rút thật chứ?" in talk.taps("Rút đồng ý")
    assert "đã rút đồng ý" in talk.taps("Rút đồng ý")
    (consent,) = [row for row in school.rows("consent") if row.person_id == lan]
    assert consent.withdrawn_at == school.now
    assert [row.recorded for row in school.rows("run")] == [True, False]
    assert len(school.rows("attempt")) == 1
    assert "chưa có" in talk.says("dulieu")
    assert "[Rút đồng ý]" not in talk.says("dulieu")
    assert "consent.withdraw" in [row.action for row in school.rows("audit")]
    assert school.store(lambda s: s.privacy.withdrawn(lan))


def test_thinking_better_of_it_changes_nothing(school: MiniSchool) -> None:
    talk, relative = grandmother(school)
    learned(school, school.person["lan"])
    guided(school, relative)
    kept = ("consent", "attempt", "run", "guidance", "kinship", "person", "speaker", "code")
    before = {table: school.rows(table) for table in kept}
    for choice in ("Rút đồng ý", "Xóa dữ liệu của em"):
        talk.says("dulieu")
        talk.taps(choice)
        assert "[Học bài]" in talk.taps("Thôi")
    assert {table: school.rows(table) for table in kept} == before


def test_erasing_leaves_only_the_schools_list(school: MiniSchool) -> None:
    talk, relative = grandmother(school)
    lan = school.person["lan"]
    learned(school, lan)
    guided(school, relative)
    talk.says("dulieu")
    assert "không lấy lại được" in talk.taps("Xóa dữ liệu của em")
    heard = talk.taps("Xóa thật")
    assert "đã xóa" in heard
    assert "danh sách của nhà trường" in heard
    assert "mã trên phiếu" in heard
    for table in ("attempt", "run", "guidance", "confirmation", "skill_check", "kinship"):
        assert school.rows(table) == [], table
    assert school.rows("speaker") == []
    people = {row.id: row for row in school.rows("person")}
    assert people[lan].full_name == "Nguyễn Thị Lan"
    assert people[lan].erased_at is None
    assert (people[relative].nickname, people[relative].age_band) == (None, None)
    assert people[relative].erased_at is not None
    assert lan not in [row.person_id for row in school.rows("schedule")]
    assert "Tư" not in str(school.rows("conversation"))
    erased = [row for row in school.rows("audit") if row.action == "person.erase"]
    assert [row.old for row in erased] == [{"answers": 1, "guidances": 1, "chats": 1}]


def test_after_erasing_the_pupil_can_join_again(school: MiniSchool) -> None:
    talk = school.joined("lan")
    talk.says("dulieu")
    talk.taps("Xóa dữ liệu của em")
    talk.taps("Xóa thật")
    talk.says(school.code("lan"))
    assert "Chào Lan" in talk.taps("Đúng là em")


def test_erasing_reaches_the_persons_other_chats(school: MiniSchool) -> None:
    talk, other = school.joined("lan"), school.chat("y")
    other.says(school.code("lan"))
    other.taps("Đúng là em")
    other.says("nguoithan")
    other.taps("Thêm người thân")
    other.taps("Bà nội")
    other.taps("Từ 60 tuổi")
    talk.says("dulieu")
    talk.taps("Xóa dữ liệu của em")
    talk.taps("Xóa thật")
    assert "mã" in other.says("bà Tư")
    assert [row for row in school.rows("person") if row.kind == "relative"] == []


def test_texts_that_were_sent_are_erased(school: MiniSchool) -> None:
    talk, _ = grandmother(school)
    sent = [row.id for row in school.rows("outbox")]
    school.store(lambda s: [s.outbox.done(row, "sent", school.now) for row in sent] and None)
    talk.says("dulieu")
    talk.taps("Xóa dữ liệu của em")
    talk.taps("Xóa thật")
    assert {str(row.body["text"]) for row in school.rows("outbox") if row.id in sent} == {""}


def test_a_relative_who_has_come_keeps_what_is_theirs(school: MiniSchool) -> None:
    talk, relative = grandmother(school, joined=True)
    learned(school, relative)
    talk.says("dulieu")
    talk.taps("Xóa dữ liệu của em")
    talk.taps("Xóa thật")
    (person,) = [row for row in school.rows("person") if row.id == relative]
    assert person.erased_at is None
    assert len(school.rows("attempt")) == 1
    assert school.rows("kinship") == []


def test_a_relative_of_two_pupils_stays_with_the_other(school: MiniSchool) -> None:
    talk, relative = grandmother(school)
    minh = school.person["minh"]
    school.store(lambda s: s.people.add_kinship(minh, relative, "co", school.now))
    talk.says("dulieu")
    talk.taps("Xóa dữ liệu của em")
    talk.taps("Xóa thật")
    assert [(row.pupil_id, row.relation) for row in school.rows("kinship")] == [(minh, "co")]
    (person,) = [row for row in school.rows("person") if row.id == relative]
    assert person.nickname == "bà Tư"


def test_a_relative_erases_themselves_and_the_counts_stay(school: MiniSchool) -> None:
    _, relative = grandmother(school, joined=True)
    learned(school, relative)
    guided(school, relative)
    talk = school.chat("granny")
    heard = talk.says("dulieu")
    assert "bà ngoại của em Nguyễn Thị Lan" in heard
    assert "từ 60 tuổi; cách xưng hô: bà" in heard
    assert "Lần đã xác nhận: 1" in heard
    talk.taps("Xóa dữ liệu của bà")
    heard = talk.taps("Xóa thật")
    assert "Chỉ còn quan hệ và số lần" in heard
    (person,) = [row for row in school.rows("person") if row.id == relative]
    assert (person.nickname, person.age_band, person.honorific) == (None, None, None)
    assert person.erased_at == school.now
    assert school.rows("attempt") == []
    assert len(school.rows("confirmation")) == 1
    assert len(school.rows("guidance")) == 1
    assert relative not in [row.person_id for row in school.rows("code")]
    assert "mã trên phiếu" in talk.says("hoc")
    assert "không đúng" in talk.says(school.codes.make("person", relative, 1))


def test_one_of_a_shared_phone_erases_only_themselves(school: MiniSchool) -> None:
    talk = school.joined("minh")
    talk.says(school.code("lan"))
    talk.taps("Đúng là em")
    learned(school, school.person["minh"])
    talk.says("dulieu")
    talk.taps("Xóa dữ liệu của em")
    assert "[Minh (7B)]" in talk.taps("Xóa thật")
    assert len(school.rows("attempt")) == 1
    assert [row.person_id for row in school.rows("speaker")] == [school.person["minh"]]


def test_staff_see_what_is_kept_and_whom_to_ask(school: MiniSchool) -> None:
    heard = school.joined("hoa").says("dulieu")
    assert "Trần Thị Hoa, chủ nhiệm lớp 7A" in heard
    assert "Muốn sửa hoặc xóa, cô báo" in heard
    assert "[Xóa" not in heard


def test_a_yes_is_given_once_and_again_after_it_was_taken_back(school: MiniSchool) -> None:
    dung = school.person["dung"]

    def give(store: object) -> None:
        for _ in range(2):
            store.privacy.give(dung, "learning", "guardian", "roster", school.now)

    school.store(give)
    assert len([row for row in school.rows("consent") if row.person_id == dung]) == 1
    school.store(lambda s: s.privacy.withdraw(dung, "learning", school.now) and None)
    school.store(give)
    rows = [row for row in school.rows("consent") if row.person_id == dung]
    assert [row.withdrawn_at is None for row in rows] == [False, True]
    assert rows[1].given_by == "guardian"


def test_a_purpose_of_its_own_is_not_learning(school: MiniSchool) -> None:
    dung = school.person["dung"]
    school.store(lambda s: s.privacy.give(dung, "naming", "guardian", "roster", school.now))
    assert "đồng ý của phụ huynh" in school.joined("dung").says("nguoithan")
