"""The doctor on bots and webhooks, over the wire to a fake platform."""

import json

import pytest

from bot.clock import SystemClock
from bot.doctor_bots import HOOK_ERRORS, bots, judge_hook
from tests.doctoring import bot_at, by_name, ground, the_only
from tests.fake_telegram import TOKEN, Failure, FakeTelegram

NOWHERE = "http://127.0.0.1:1"
NOW = SystemClock().now()


@pytest.fixture
async def fake():
    async with FakeTelegram() as made:
        yield made


async def test_no_bot_is_well(tmp_path):
    assert the_only(await bots(ground(tmp_path))).level == "ok"


async def test_a_bot_that_polls_is_well(fake, tmp_path):
    found = by_name(await bots(bot_at(tmp_path, fake.base_url)))
    assert (found["Bot telegram"].level, found["Webhook telegram"].level) == ("ok", "ok")
    assert fake.made("setWebhook", "deleteWebhook") == []


async def test_a_token_that_is_refused_is_broken_and_not_shown(fake, tmp_path):
    where = bot_at(tmp_path, fake.base_url, TELEGRAM_TOKEN="123456:ABC-def_ghi")
    found = the_only(await bots(where))
    assert (found.level, "không nhận mã bot" in found.text) == ("broken", True)
    assert "ABC-def" not in str(found)


@pytest.mark.parametrize("failure", [Failure(drop=True), Failure(502), Failure(hang_s=9)])
async def test_a_platform_that_does_not_answer_is_broken(failure, fake, tmp_path):
    fake.fail_next("getMe", failure)
    found = the_only(await bots(bot_at(tmp_path, fake.base_url)))
    assert (found.level, found.text) == ("broken", "không tới được 127.0.0.1")


async def test_each_of_several_bots_gets_its_lines(fake, tmp_path):
    async with FakeTelegram(token="700000002:AAother_0123456789") as other:
        file = tmp_path / "lantoa.toml"
        one = "[[bot]]\nname = '{}'\nchannel = 'telegram'\ntoken = '{}'\napi_base = '{}'\n"
        text = one.format("a", fake.token, fake.base_url) + one.format("b", other.token, NOWHERE)
        file.write_text(text, encoding="utf-8")
        where = ground(tmp_path, file=file)
        found = by_name(await bots(where))
    assert (found["Bot a"].level, found["Bot b"].level) == ("ok", "broken")


@pytest.mark.parametrize(
    ("may", "word"),
    [
        ({"can_join_groups": False}, "/setjoingroups"),
        ({"can_read_all_group_messages": True}, "/setprivacy"),
    ],
)
async def test_what_a_bot_may_do_is_looked_at(may, word, fake, tmp_path):
    answered(fake, "getMe", fake.me | may)
    found = by_name(await bots(bot_at(tmp_path, fake.base_url)))["Bot telegram"]
    assert (found.level, word in found.mend) == ("look", True)


def answered(fake: FakeTelegram, method: str, result: object) -> None:
    """The next answer of a method."""
    body = json.dumps({"ok": True, "result": result}).encode()
    fake.fail_next(method, Failure(200, body=body))


# Webhooks


async def test_a_webhook_in_the_way_of_polling_is_to_be_looked_at_and_its_path_not_shown(
    fake, tmp_path
):
    fake.api.webhook = {"url": f"https://elsewhere.example/{TOKEN}"}
    found = by_name(await bots(bot_at(tmp_path, fake.base_url)))["Webhook telegram"]
    assert (found.level, "elsewhere.example" in found.text) == ("look", True)
    assert TOKEN not in str(found)


WANTED = "https://lantoa.truong.vn/hooks/telegram/telegram"


@pytest.mark.parametrize(
    ("info", "level"),
    [
        ({"url": WANTED}, "ok"),
        ({"url": ""}, "look"),
        ({"url": "https://old.truong.vn/hooks/telegram/telegram"}, "broken"),
        ({"url": WANTED, "pending_update_count": 100}, "look"),
        ({"url": WANTED, "pending_update_count": 99}, "ok"),
        ({"url": WANTED, "last_error_date": NOW.timestamp() - 60}, "look"),
        ({"url": WANTED, "last_error_date": NOW.timestamp() - 7200}, "ok"),
    ],
)
async def test_a_webhook_is_judged_by_what_the_platform_tells(info, level, fake, tmp_path):
    answered(fake, "getWebhookInfo", info)
    given = {"TELEGRAM_MODE": "webhook", "PUBLIC_URL": "https://lantoa.truong.vn"}
    found = by_name(await bots(bot_at(tmp_path, fake.base_url, NOW, **given)))
    assert found["Webhook telegram"].level == level


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ("Bad Request: failed to resolve host: Name or service not known", "tên miền"),
        ("SSL error {error:0A000086:certificate verify failed}", "chứng chỉ"),
        ("SSL error {unexpected eof while reading}", "chứng chỉ"),
        ("Connection refused", "không mở"),
        ("Connection timed out", "không trả lời kịp"),
        ("Read timeout expired", "không trả lời kịp"),
        ("Wrong response from the webhook: 403 Forbidden", "không nhận ra Telegram"),
        ("Wrong response from the webhook: 502 Bad Gateway", "trả lời lỗi"),
        ("something new", "lỗi khác"),
    ],
)
def test_the_platforms_words_on_an_error_become_ours(described, said):
    info = {"url": WANTED, "last_error_date": NOW.timestamp(), "last_error_message": described}
    found = judge_hook("Webhook telegram", info, WANTED, NOW)
    assert said in found.text
    assert len(HOOK_ERRORS) == 8
