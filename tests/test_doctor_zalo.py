"""The doctor on Zalo bots: over the wire to a fake Zalo, and on what is used up."""

from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.doctor import examine
from bot.doctor_bots import bots
from bot.doctor_ground import Finding, Ground
from bot.doctor_room import room
from bot.doctor_zalo import judge_me
from tests.conversation import MiniSchool
from tests.doctoring import address, by_name, ground, the_only
from tests.test_doctor_work import stamp
from tests.wires import ZALO_TOKEN, Failure, FakeZalo

PUBLIC = "https://lantoa.truong.vn"
HOOK = f"{PUBLIC}/hooks/zalo/zalo"
ROOT = Path(__file__).parent.parent
LINK = "https://bot.zaloplatforms.com/bots/1"


@pytest.fixture
async def fake():
    async with FakeZalo() as made:
        yield made


def zalo_at(home: Path, base: str, **given: str) -> Ground:
    """A ground with one Zalo bot, and nobody who listens here."""
    bot = {"ZALO_TOKEN": ZALO_TOKEN, "ZALO_API_BASE": base, "ZALO_LINK": LINK}
    return ground(home, **{"LISTEN": "127.0.0.1:1", "PUBLIC_URL": PUBLIC, **bot, **given})


# Over the wire


async def test_a_bot_that_polls_is_well_and_nothing_is_changed(fake, tmp_path):
    found = by_name(await bots(zalo_at(tmp_path, fake.base_url)))
    assert (found["Bot zalo"].level, found["Webhook zalo"].level) == ("ok", "ok")
    assert found["Bot zalo"].text == "Bot Lan Tỏa, mã bot đúng"
    assert {call.method for call in fake.calls} == {"getMe", "getWebhookInfo"}


async def test_a_token_that_is_refused_is_broken_and_not_shown(fake, tmp_path):
    found = the_only(await bots(zalo_at(tmp_path, fake.base_url, ZALO_TOKEN="12345:ABC-def_ghi")))
    assert (found.level, found.text) == ("broken", "Zalo không nhận mã bot này")
    assert "ABC-def" not in str(found)
    assert "Zalo Bot Manager" in found.mend


@pytest.mark.parametrize("failure", [Failure(drop=True), Failure(502), Failure(hang_s=9)])
async def test_a_zalo_that_does_not_answer_is_broken(failure, fake, tmp_path):
    fake.fail_next("getMe", failure)
    found = the_only(await bots(zalo_at(tmp_path, fake.base_url)))
    assert (found.level, found.text) == ("broken", "không tới được 127.0.0.1")


async def test_a_bot_that_may_not_join_groups_is_told_as_a_fact(fake, tmp_path):
    fake.world.joins_groups = False
    found = by_name(await bots(zalo_at(tmp_path, fake.base_url)))["Bot zalo"]
    assert (found.level, "không cho vào nhóm" in found.text) == ("ok", True)
    assert judge_me("Bot zalo", {}).level == "ok", "whatever Zalo leaves out"


@pytest.mark.parametrize(
    ("mode", "url", "level"),
    [
        ("webhook", HOOK, "ok"),
        ("webhook", "", "look"),
        ("webhook", "https://old.truong.vn/hooks/zalo/zalo", "broken"),
        ("polling", "", "ok"),
        ("polling", "https://elsewhere.example/path-with-a-token", "look"),
    ],
)
async def test_a_webhook_is_judged_by_its_address(mode, url, level, fake, tmp_path):
    fake.api.webhook = {"url": url, "secret_token": "x" * 8} if url else {}
    found = by_name(await bots(zalo_at(tmp_path, fake.base_url, ZALO_MODE=mode)))["Webhook zalo"]
    assert found.level == level
    assert "path-with-a-token" not in str(found)


async def test_a_webhook_at_an_address_without_tls_cannot_work(fake, tmp_path):
    url = "http://10.0.0.5:8080"
    fake.api.webhook = {"url": f"{url}/hooks/zalo/zalo", "secret_token": "x" * 8}
    where = zalo_at(tmp_path, fake.base_url, ZALO_MODE="webhook", PUBLIC_URL=url)
    found = by_name(await bots(where))["Webhook zalo"]
    assert (found.level, "https://" in found.mend) == ("broken", True)


async def test_all_findings_together_hold_no_token(fake, tmp_path):
    found = await examine(zalo_at(tmp_path, fake.base_url, ZALO_WEBHOOK_SECRET="geheim-geheim"))
    assert {"Bot zalo", "Webhook zalo"} <= {each.name for each in found}
    assert ZALO_TOKEN.partition(":")[2] not in str(found)
    assert "geheim" not in str(found)


# Room and month


def looked(school: MiniSchool, home: Path, extra: str = "", **given: str) -> list[Finding]:
    """What is found about one bot of class 7A, which has a link."""
    file = home / "lantoa.toml"
    bot = "[[bot]]\nname = 'z7'\nchannel = 'zalo'\ntoken = '12345:a-token'\nclasses = ['7A']\n"
    link = "" if "link" in extra else f"link = '{LINK}'\n"
    file.write_text(f"[school]\nyear = '2026-2027'\n\n{bot}{link}{extra}", encoding="utf-8")
    database = {"DATABASE_URL": address(school.engine), "PUBLIC_URL": PUBLIC}
    return room(ground(home, school.now, file, **(database | given)))


@pytest.fixture
def stamped(sqlite_school: MiniSchool) -> MiniSchool:
    """The school, in a database that says that it is of this release."""
    stamp(sqlite_school)
    return sqlite_school


def test_no_zalo_bot_is_no_line(tmp_path):
    assert room(ground(tmp_path)) == []


def test_enough_of_everything_is_one_line(stamped, tmp_path):
    for number in range(44):
        chat = {"is_group": False, "created_at": stamped.now}
        stamped.insert("account", bot="z7", external_id=f"p{number}", **chat)
    stamped.insert("bot_month", bot="z7", month="2026-11", n_in=1199, n_out=1200)
    found = the_only(looked(stamped, tmp_path))
    text = "1 bot, 44/50 người, bot nhắn nhiều nhất đã dùng 79% số tin của tháng"
    assert (found.level, found.text) == ("ok", text)


def test_before_the_first_start_nothing_is_used(tmp_path):
    file = tmp_path / "lantoa.toml"
    bot = "[[bot]]\nname = 'z'\nchannel = 'zalo'\ntoken = '12345:a-token'\n"
    file.write_text(f"{bot}link = '{LINK}'\n", encoding="utf-8")
    found = the_only(room(ground(tmp_path, SystemClock().now(), file, PUBLIC_URL=PUBLIC)))
    assert (found.level, found.text) == ("ok", "chưa có dữ liệu")


@pytest.mark.parametrize(("n", "said"), [(45, "gần đủ người: 45/50"), (50, "đã đủ 50 người")])
def test_a_bot_that_is_nearly_full_is_to_be_looked_at(n, said, stamped, tmp_path):
    for number in range(n):
        chat = {"is_group": False, "created_at": stamped.now}
        stamped.insert("account", bot="z7", external_id=f"p{number}", **chat)
    found = the_only(looked(stamped, tmp_path))
    assert (found.name, found.level, found.text) == ("Bot z7", "look", said)


@pytest.mark.parametrize(
    ("n_out", "level", "said"),
    [
        (2400, "look", "phần lớn tin của tháng (2.400/3.000)"),
        (2850, "look", "gần hết tin của tháng (2.850/3.000), chỉ còn trả lời"),
        (2885, "broken", "hết tin của tháng (2.885/3.000), mỗi người được mời"),
    ],
)
def test_a_month_that_nears_its_end_is_told_as_it_nears(n_out, level, said, stamped, tmp_path):
    stamped.insert("bot_month", bot="z7", month="2026-11", n_in=0, n_out=n_out)
    found = the_only(looked(stamped, tmp_path))
    assert (found.level, said in found.text) == (level, True), found.text


def test_a_class_that_the_school_does_not_have_is_named(stamped, tmp_path):
    extra = "\n[[bot]]\nname = 'z9'\nchannel = 'zalo'\ntoken = '12346:a-token'\n"
    extra += f"classes = ['7B', '9Z']\nlink = '{LINK}'\n"
    found = by_name(looked(stamped, tmp_path, f"link = '{LINK}'\n{extra}"))
    assert found["Bot z9"].text == "phục vụ lớp mà trường không có: 9Z"
    assert "Bot z7" not in found


def test_a_link_that_is_not_set_and_an_address_without_tls_are_told(stamped, tmp_path):
    found = looked(stamped, tmp_path, "link = ''\n", PUBLIC_URL="http://10.0.0.5:8080")
    assert [(each.name, each.level) for each in found] == [("Bot Zalo", "look"), ("Bot z7", "look")]
    assert "bằng lời" in found[0].text
    assert "phần chia sẻ" in found[1].mend


def test_the_guides_sample_of_a_link_is_none(stamped, tmp_path):
    sample = "https://bot.zaloplatforms.com/bots/thay-bang-link-cua-bot"
    assert sample in (ROOT / "deploy" / "HUONG-DAN.md").read_text(encoding="utf-8")
    (found,) = looked(stamped, tmp_path, f"link = '{sample}'\n")
    assert (found.name, found.text) == ("Bot z7", "chưa có link mở chat với bot")


def test_a_bot_that_is_out_of_the_settings_and_still_has_a_classs_group_is_named(stamped, tmp_path):
    for number, bot in enumerate(("z6", "z7", "web"), 1):
        group = stamped.insert(
            "account", bot=bot, external_id=f"g{number}", is_group=True, created_at=stamped.now
        )
        stamped.insert(
            "group_binding",
            class_id=stamped.class_id["7A"],
            account_id=group,
            bound_at=stamped.now,
            unbound_at=stamped.now if bot == "z7" else None,
        )
    found = the_only(looked(stamped, tmp_path))
    assert (found.name, found.level) == ("Bot z6", "look")
    assert "1 nhóm lớp còn gắn" in found.text
    assert "Gỡ nhóm" in found.mend
