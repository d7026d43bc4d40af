"""Settings: every fault at once, each with its name and its mend; a token is never shown."""

import stat
from pathlib import Path

import pytest

from bot.app import make_channel
from bot.clock import SystemClock
from bot.config import ConfigError, found_key, read_settings, survey

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
        ("[school]\nnmae = 'x'", "nmae: không có cài đặt này"),
        ("listne = '1'", "listne: không có cài đặt này"),
        ("[school", "viết sai"),
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
    assert any(
        "tên dùng hai lần" in fault for fault in faults({}, tmp_path, write(tmp_path, bot * 2))
    )


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
        "LANTOA_TELEGRAM_TOKEN": TOKEN,
    }
    settings = read_settings(write(tmp_path, text), environ)
    assert settings.listen == ("0.0.0.0", 80)  # noqa: S104 - a setting, not a socket
    assert [bot.name for bot in settings.bots] == ["khoi-6", "telegram"]
    assert len(settings.year.calendar.breaks) == 2
    assert TOKEN not in repr(settings.bots)


def test_a_bots_rates_are_telegrams_unless_set(tmp_path):
    text = f"""
    [[bot]]
    name = "lon"
    channel = "telegram"
    token = "{TOKEN}"
    per_second = 500
    chat_interval_s = 0
    """
    environ = {"LANTOA_HOME": str(tmp_path), "LANTOA_TELEGRAM_TOKEN": TOKEN}
    settings = read_settings(write(tmp_path, text), environ)
    shown = [make_channel(bot, settings, SystemClock()).capabilities for bot in settings.bots]
    assert [(one.per_second, one.chat_interval_s) for one in shown] == [(500, 0), (30, 1)]


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
