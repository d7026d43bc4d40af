"""Settings: every fault at once, each with its name and its mend; a token is never shown."""

import stat
from datetime import date
from pathlib import Path

import pytest

from bot.app import make_channel
from bot.channels.web import WebSettings
from bot.clock import SystemClock
from bot.config import ConfigError, found_key, read_settings, survey
from bot.files import FileLinks
from content.calendar import OPEN
from handlers.codes import Codes
from handlers.world import Limits

TOKEN = "123456:ABC-def_ghi"


def faults(environ, tmp_path, file=None):
    with pytest.raises(ConfigError) as caught:
        read_settings(file, {"LANTOA_HOME": str(tmp_path), **environ})
    return caught.value.faults


def write(tmp_path, text):
    path = tmp_path / "lantoa.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_set_is_a_working_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = read_settings(None, {})
    assert settings.database_url == "sqlite:///var/lantoa.db"
    assert settings.listen == ("127.0.0.1", 8080)
    assert settings.zone.key == "Asia/Ho_Chi_Minh"
    assert settings.bots == ()


def test_the_key_is_made_once_and_its_folder_is_its_owners_only(tmp_path):
    home = tmp_path / "home"
    first = read_settings(None, {"LANTOA_HOME": str(home)}).secret
    again = read_settings(None, {"LANTOA_HOME": str(home)}).secret
    assert first == again
    assert len(first) >= 32
    assert stat.S_IMODE((home / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_all_faults_come_together(tmp_path):
    found = faults(
        {
            "LANTOA_LISTEN": "8080",
            "LANTOA_PUBLIC_URL": "lantoa.truong.vn",
            "LANTOA_TIMEZONE": "Saigon",
            "LANTOA_SECRET_KEY": "short",
            "LANTOA_LESSONS": str(tmp_path / "none"),
            "LANTOA_TELEGRAM_TOKEN": "secret-but-wrong",
            "LANTOA_TELEGRAM_MODE": "pulling",
            "LANTOA_TELEGRAM_PROXY": "socks5://10.0.0.1",
            "LANTOA_DATABASE_URL": "mysql://root:secret-but-wrong@db/lantoa",
        },
        tmp_path,
    )
    names = ("LISTEN", "PUBLIC_URL", "TIMEZONE", "SECRET_KEY", "LESSONS", "token", "mode")
    names += ("proxy", "DATABASE_URL")
    for name in names:
        assert any(name in fault for fault in found), name
    assert len(found) == len(names)
    assert not any("secret-but-wrong" in fault for fault in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[school]\nkind = 'THCX'", "kind"),
        ("[school]\nyear = '2026'", "phải có dạng 2026-2027"),
        ("[school]\ncalendar = ['Tết']", "2027-02-08..2027-02-21"),
        ("[school]\ncalendar = ['2027-02-21..2027-02-08']", "ngày đầu sau ngày cuối"),
        ("[school]\ncalendar = 7", "[school] calendar: phải là tên một tệp lịch, hoặc danh sách"),
        ("[school]\ncalendar = [7]", "[school] calendar: phải là tên một tệp lịch, hoặc danh sách"),
        ("[school]\ncalendar = 'khong-co.yaml'", "khong-co.yaml: Không đọc được tệp này."),
        ("keep_days = 1", "LANTOA_KEEP_DAYS: phải là số ngày, từ 2"),
        ("[school]\nname = 7", "[school] name: phải là chữ trong dấu nháy"),
        ("[school]\nnmae = 'x'", "nmae: không có cài đặt này"),
        ("listne = '1'", "listne: không có cài đặt này"),
        ("[school", "viết sai, cuối tệp"),
        ("listen = '1'\nclasses = [7A]\n", "viết sai, dòng 2;"),
        (f"[[bot]]\nname = 'Lớp 7A'\nchannel = 'zalo'\ntoken = '{TOKEN}'", "như zalo-7a"),
        (
            f"[[bot]]\nname = 'a'\nchannel = 'zalo'\ntoken = '{TOKEN}'\nclasses = '7A'",
            "ngoặc vuông",
        ),
        ("[[bot]]\nname = 'a'\nchannel = 'viber'\ntoken = '1:abcdefghij'", "channel"),
        ("[[bot]]\nname = 'a'\nchannel = 'telegram'", "token: còn thiếu"),
        (
            "[[bot]]\nname = 'a'\nchannel = 'telegram'\ntoken = '123456:ABC-def'\nper_second = 0",
            "per_second: ít nhất là 1",
        ),
    ],
)
def test_each_fault_of_a_file_names_its_setting(text, said, tmp_path):
    assert any(said in fault for fault in faults({}, tmp_path, write(tmp_path, text)))


def test_two_bots_of_one_name_are_a_fault(tmp_path):
    bot = f"[[bot]]\nname = 'a'\nchannel = 'telegram'\ntoken = '{TOKEN}'\n"
    found = faults({}, tmp_path, write(tmp_path, bot * 2))
    assert sum("tên dùng hai lần" in fault for fault in found) == 1


def test_a_missing_file_that_was_asked_for_is_a_fault(tmp_path):
    assert faults({}, tmp_path, tmp_path / "no.toml")


def test_variables_win_over_the_file_and_several_bots_are_read(tmp_path):
    text = f"""
    listen = "127.0.0.1:9000"
    [school]
    name = "Trường A"
    calendar = ["2027-02-08..2027-02-21", "2027-01-01"]
    [[bot]]
    name = "khoi-6"
    channel = "telegram"
    token = "{TOKEN}"
    """
    environ = {
        "LANTOA_HOME": str(tmp_path),
        "LANTOA_LISTEN": "0.0.0.0:80",
        "LANTOA_TELEGRAM_TOKEN": f"{TOKEN}2",
    }
    settings = read_settings(write(tmp_path, text), environ)
    assert settings.listen == ("0.0.0.0", 80)  # noqa: S104 - a setting, not a socket
    assert [bot.name for bot in settings.bots] == ["khoi-6", "telegram"]
    assert len(settings.year.calendar.breaks) == 2
    assert TOKEN not in repr(settings.bots)


def test_two_bots_of_one_token_would_both_take_what_is_said_to_one(tmp_path):
    block = '[[bot]]\nname = "{}"\nchannel = "zalo"\ntoken = "{}"\n'
    file = write(tmp_path, block.format("k6", TOKEN) + block.format("k7", TOKEN))
    (found,) = faults({}, tmp_path, file)
    assert found == "Bot k7: mã bot (token) trùng với bot k6; mỗi bot một mã"
    assert TOKEN not in found
    file = write(tmp_path, block.format("k6", TOKEN) + block.format("k7", f"{TOKEN}2"))
    assert len(read_settings(file, {"LANTOA_HOME": str(tmp_path)}).bots) == 2


def test_no_secret_is_shown_by_whatever_holds_one(tmp_path):
    environ = {
        "LANTOA_HOME": str(tmp_path),
        "LANTOA_DATABASE_URL": "postgresql://lantoa:markedPassword@db/lantoa",
        "LANTOA_SECRET_KEY": "marked key of all the codes",
        "LANTOA_METRICS_TOKEN": "marked-metrics-token",
        "LANTOA_BACKUP_KEY": "marked passphrase of backups",
        "LANTOA_ZALO_TOKEN": "427000001:markedToken",
        "LANTOA_ZALO_WEBHOOK_SECRET": "marked-secret",
    }
    settings = read_settings(None, environ)
    assert settings.secret.startswith(b"marked")
    links = FileLinks(settings.secret, "", SystemClock())
    web = WebSettings(settings.secret, "", framed=False, push_hosts=())
    assert "marked" not in repr((settings, links, web, Codes(settings.secret)))


def test_the_calendar_of_the_year_comes_with_the_product(tmp_path):
    def year(text):
        return read_settings(write(tmp_path, text), {"LANTOA_HOME": str(tmp_path)}).year

    assert year("").calendar.rests(date(2027, 7, 1))
    assert (year("").own, year("").file.name) == (False, "2026-2027.yaml")
    other = year("[school]\nyear = '2029-2030'")
    assert (other.calendar, other.file) == (OPEN, None)


def test_a_calendars_path_counts_from_the_settings_own_folder(tmp_path, monkeypatch):
    folder = tmp_path / "cai-dat"
    folder.mkdir()
    (folder / "lich.yaml").write_text(CALENDAR, encoding="utf-8")
    file = write(folder, "[school]\ncalendar = 'lich.yaml'")
    monkeypatch.chdir(tmp_path)
    year = read_settings(file, {"LANTOA_HOME": str(tmp_path)}).year
    assert (year.own, year.file) == (True, folder / "lich.yaml")
    assert year.calendar.rests(date(2027, 1, 11))


def test_faults_of_the_calendar_come_with_those_of_the_settings(tmp_path):
    (tmp_path / "lich.yaml").write_text(CALENDAR.replace("2027-01-10", "x"), encoding="utf-8")
    file = write(tmp_path, "[school]\ncalendar = 'lich.yaml'\nnaem = 'x'")
    found = faults({"LANTOA_LISTEN": "8080"}, tmp_path, file)
    assert [fault.partition(":")[0] for fault in found] == [
        "[school] naem",
        "[school] calendar",
        "LANTOA_LISTEN",
    ]
    assert "lich.yaml:2: terms[1].last: Chỗ này phải là một ngày" in found[1]


def test_the_calendar_of_another_year_is_a_fault(tmp_path):
    (tmp_path / "lich.yaml").write_text(CALENDAR, encoding="utf-8")
    file = write(tmp_path, "[school]\nyear = '2027-2028'\ncalendar = 'lich.yaml'")
    (found,) = faults({}, tmp_path, file)
    assert "là lịch năm học 2026-2027, còn year là 2027-2028" in found


def test_texts_are_kept_for_thirty_days_unless_set(tmp_path):
    environ = {"LANTOA_HOME": str(tmp_path)}
    assert read_settings(write(tmp_path, ""), environ).keep_days == 30
    assert read_settings(write(tmp_path, "keep_days = 60"), environ).keep_days == 60
    assert read_settings(None, environ | {"LANTOA_KEEP_DAYS": "7"}).keep_days == 7


CALENDAR = """year: "2026-2027"
terms: [{name: Học kỳ I, first: 2026-09-07, last: 2027-01-10}]
"""


def test_a_bots_rates_are_telegrams_unless_set(tmp_path):
    text = f"""
    [[bot]]
    name = "lon"
    channel = "telegram"
    token = "{TOKEN}"
    per_second = 500
    chat_interval_s = 0
    """
    environ = {"LANTOA_HOME": str(tmp_path), "LANTOA_TELEGRAM_TOKEN": f"{TOKEN}2"}
    settings = read_settings(write(tmp_path, text), environ)
    shown = [make_channel(bot, settings, SystemClock()).capabilities for bot in settings.bots]
    assert [(one.per_second, one.chat_interval_s) for one in shown] == [(500, 0), (30, 1)]


ZALO = f"[[bot]]\nname = 'z'\nchannel = 'zalo'\ntoken = '{TOKEN}'\n"


def test_a_zalo_bot_has_the_free_plan_unless_set(tmp_path):
    text = (
        ZALO
        + "[[bot]]\n"
        + ZALO.removeprefix("[[bot]]\n").replace("'z'", "'lon'").replace("1234", "5678")
        + (
            "classes = ['7A', '7B']\nlink = 'https://bot.zaloplatforms.com/bots/1'\n"
            "people = 500\ngroups = 0\nmessages = 20000\ncounts_received = false\n"
        )
    )
    free, large = read_settings(write(tmp_path, text), {"LANTOA_HOME": str(tmp_path)}).bots
    assert free.limits == Limits(50, 3, 3000, counts_received=True)
    assert (free.per_second, free.classes, free.link) == (10, (), "")
    assert large.limits == Limits(500, 0, 20000, counts_received=False)
    assert large.classes == ("7A", "7B")


def test_the_variables_suffice_for_one_bot_of_each_kind(tmp_path):
    environ = {
        "LANTOA_HOME": str(tmp_path),
        "LANTOA_TELEGRAM_TOKEN": TOKEN,
        "LANTOA_ZALO_TOKEN": TOKEN,
        "LANTOA_ZALO_MESSAGES": "9000",
    }
    telegram, zalo = read_settings(write(tmp_path, ""), environ).bots
    assert (telegram.name, telegram.limits) == ("telegram", None)
    assert (zalo.name, zalo.channel, zalo.messages) == ("zalo", "zalo", 9000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ZALO + "webhook_secret = 'short'", "webhook_secret: cần ít nhất 8 ký tự"),
        (ZALO + "people = 0", "people: ít nhất là 1"),
        (ZALO + "link = 'bot.zaloplatforms.com/bots/1'", "link: phải là địa chỉ"),
        (ZALO.replace("'zalo'", "'telegram'") + "people = 9", "people chỉ dành cho bot Zalo"),
        (ZALO.replace(TOKEN, "abc"), "token: không đúng dạng"),
    ],
)
def test_what_is_wrong_with_a_zalo_bot_is_said_by_its_name(text, said, tmp_path):
    assert f"Bot z: {said}" in " ".join(faults({}, tmp_path, write(tmp_path, text)))


def test_a_zalo_setting_without_a_token_says_where_one_comes_from(tmp_path):
    assert any(
        "Zalo Bot Manager" in one for one in faults({"LANTOA_ZALO_MODE": "polling"}, tmp_path)
    )


def test_folders_of_lessons_are_a_list_or_one_text(tmp_path):
    for name in ("mot", "hai"):
        (tmp_path / name).mkdir()
    both = (tmp_path / "mot", tmp_path / "hai")
    environ = {"LANTOA_HOME": str(tmp_path)}
    for text in (f"['{both[0]}', '{both[1]}']", f"'{both[0]}:{both[1]}'"):
        file = write(tmp_path, f"lessons = {text}")
        assert read_settings(file, environ).lessons == both


def test_a_webhook_needs_an_address_that_telegram_can_reach(tmp_path):
    environ = {"LANTOA_TELEGRAM_TOKEN": TOKEN, "LANTOA_TELEGRAM_MODE": "webhook"}
    assert any("LANTOA_PUBLIC_URL" in fault for fault in faults(environ, tmp_path))


@pytest.mark.parametrize("spoil", [Path.touch, Path.mkdir])
def test_a_key_that_is_empty_or_cannot_be_read_is_a_fault_and_never_replaced(spoil, tmp_path):
    spoil(tmp_path / "secret.key")
    assert any("secret.key" in fault for fault in faults({}, tmp_path))


def test_a_settings_file_that_cannot_be_read_is_a_fault(tmp_path):
    assert any("không đọc được" in fault for fault in faults({}, tmp_path, tmp_path))


def test_the_address_of_a_database_with_a_mistake_is_a_fault_and_not_shown(tmp_path):
    found = faults({"LANTOA_DATABASE_URL": "postgresql://u:p@db:secret-part/x"}, tmp_path)
    assert any("LANTOA_DATABASE_URL" in fault for fault in found)
    assert not any("secret-part" in fault for fault in found)


def test_a_survey_reads_what_it_can_and_makes_nothing(tmp_path):
    environ = {
        "LANTOA_HOME": str(tmp_path / "home"),
        "LANTOA_LISTEN": "8080",
        "LANTOA_PUBLIC_URL": "https://lantoa.truong.vn/",
        "LANTOA_DATABASE_URL": "mysql://db/lantoa",
    }
    settings, found = survey(None, environ, found_key)
    assert [fault.partition(":")[0] for fault in found] == ["LANTOA_LISTEN", "LANTOA_DATABASE_URL"]
    assert settings.public_url == "https://lantoa.truong.vn"
    assert (settings.listen, settings.database_url) == (("127.0.0.1", 8080), "")
    assert not (tmp_path / "home").exists()
