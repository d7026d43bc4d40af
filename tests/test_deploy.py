"""What stands in `deploy/` fits the product: settings, service, proxy, and every command told."""

import re
import subprocess
from configparser import ConfigParser
from pathlib import Path

import click
import pytest
import typer.main

from bot.__main__ import app
from bot.cli import WRONG_USE
from bot.config import PLAIN, read_settings
from bot.doctor_home import KNOWN
from tests.doctoring import as_somebody, folder_in_the_open

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
GUIDE = (DEPLOY / "HUONG-DAN.md").read_text(encoding="utf-8")
EXAMPLE = (DEPLOY / ".env.example").read_text(encoding="utf-8")
CADDYFILE = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
SHELL = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
STOP_S = 5  # the product's promise: SIGTERM ends it within


@pytest.fixture
def service() -> ConfigParser:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / "lantoa.service", encoding="utf-8")
    return unit


# The settings


def test_the_example_has_every_setting_and_no_other():
    assert set(re.findall(r"^#?(LANTOA_\w+)=", EXAMPLE, re.MULTILINE)) == KNOWN


def test_each_setting_of_the_example_is_explained_by_the_line_above():
    lines = EXAMPLE.splitlines()
    told = [lines[at - 1] for at, line in enumerate(lines) if re.match(r"#?LANTOA_", line)]
    assert len(told) == len(KNOWN)
    assert all(re.match(r"# [A-ZĐ].{20,}\.$", line) for line in told)


def shell_reads(text: str) -> dict[str, str]:
    """What a shell makes of a file of settings, as `deploy/lantoa.sh` reads it."""
    script = f"set -a\n{text}\nenv -0"
    run = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={})
    pairs = (entry.partition("=") for entry in run.stdout.split("\0"))
    return {name: value for name, _, value in pairs if name.startswith("LANTOA_")}


def test_the_example_can_be_used_as_it_stands(tmp_path):
    found = shell_reads(EXAMPLE)
    assert list(found) == ["LANTOA_HOME"]
    assert read_settings(None, found | {"LANTOA_HOME": str(tmp_path)}).listen[1] == 8080


def test_every_value_of_the_example_is_one_that_the_settings_take(tmp_path):
    found = shell_reads(re.sub(r"^#(LANTOA_)", r"\1", EXAMPLE, flags=re.MULTILINE))
    here = {"LANTOA_HOME": str(tmp_path), "LANTOA_LESSONS": str(tmp_path)}
    settings = read_settings(None, found | here)
    assert settings.bots[0].name == "telegram"
    assert settings.public_url == "https://lantoa.truong.vn"


def test_the_shell_and_systemd_read_the_example_alike():
    quoted = re.findall(r"^#?LANTOA_\w+=(.*)$", EXAMPLE, re.MULTILINE)
    assert all(re.fullmatch(r"'[^'\\$]+'", value) for value in quoted)


# The service, the command beside it, the proxy


def test_the_service_gives_the_product_time_to_stop_and_does_not_repeat_bad_settings(service):
    unit = service["Service"]
    assert int(unit["TimeoutStopSec"]) > STOP_S
    assert unit["Restart"] == "on-failure"
    assert unit["RestartPreventExitStatus"] == str(WRONG_USE)
    assert service["Unit"]["StartLimitIntervalSec"] == "0"


def test_the_service_and_the_command_run_the_same_with_the_same_settings(service):
    unit, script = service["Service"], (DEPLOY / "lantoa.sh").read_text(encoding="utf-8")
    program = unit["ExecStart"].removesuffix(" run")
    assert f'runuser -u {unit["User"]} -- {program} "$@"' in script
    assert f". {unit['EnvironmentFile']}\n" in script
    assert f"cd {unit['WorkingDirectory']}\n" in script
    assert unit["Environment"] in script
    assert f"LANTOA_HOME='{unit['WorkingDirectory']}'" in EXAMPLE
    assert unit["WorkingDirectory"] == f"/var/lib/{unit['StateDirectory']}"


def test_the_data_are_the_services_own_and_it_can_do_little_else(service):
    unit = service["Service"]
    assert (unit["StateDirectoryMode"], unit["UMask"]) == ("0700", "0077")
    assert (unit["ProtectSystem"], unit["CapabilityBoundingSet"]) == ("strict", "")
    assert {unit[f"Protect{what}"] for what in ("Home", "Clock", "KernelModules")} == {"yes"}
    assert unit["NoNewPrivileges"] == "yes"


def test_the_command_tells_who_is_not_root_what_to_do():
    with folder_in_the_open() as place:
        script = place / "lantoa.sh"
        script.write_bytes((DEPLOY / "lantoa.sh").read_bytes())
        script.chmod(0o755)
        told = as_somebody(lambda: said_by(["sh", str(script), "doctor"]))
    assert told == "2 Lệnh này cần quyền root: gõ sudo -i (hoặc su -) rồi gõ lại.\n"


def said_by(command: list[str]) -> str:
    """The exit code of a command, and what it says to standard error."""
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{run.returncode} {run.stderr}"


def test_the_proxy_leads_to_where_the_product_listens_and_holds_no_stream_back():
    assert f"reverse_proxy {PLAIN['LISTEN']}\n" in CADDYFILE
    assert "@page not path /c/*/events\n\tencode @page gzip\n" in CADDYFILE
    assert not re.search(r"^\s*log\b", CADDYFILE, re.MULTILINE)  # addresses hold codes


# The guide


def told_commands() -> list[str]:
    """Every `lantoa …` of the guide, in frames and in lines."""
    framed = [line for block in SHELL for line in block.splitlines()]
    inline = re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", GUIDE, flags=re.DOTALL | re.MULTILINE)
    )
    return sorted({line for line in (*framed, *inline) if line.startswith("lantoa ")})


@pytest.mark.parametrize("line", told_commands())
def test_every_command_of_the_guide_is_one_with_these_options(line):
    command: click.Command = typer.main.get_command(app)
    words = line.split()[1:]
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, line
        command = found
    assert command.make_context(line, words).command is command


def test_the_guide_tells_every_command_of_the_first_day():
    told = " ".join(told_commands())
    for command in ("school import", "school slips", "school renew", "doctor", "tally"):
        assert f"lantoa {command}" in told


def test_every_setting_that_the_guide_names_exists():
    assert set(re.findall(r"LANTOA_\w+", GUIDE)) <= KNOWN


def test_every_file_that_the_guide_takes_from_here_is_here():
    files = set(re.findall(r"/opt/lantoa/([\w./-]+)", GUIDE))
    assert len(files) == 4
    assert all((ROOT / file).exists() for file in files)


@pytest.mark.parametrize(
    "words",
    ["Chưa thay đổi gì", "Đã nhập xong", "phiếu vào", "Chào mừng đến với Lan", "Bản dữ liệu"],
)
def test_what_the_guide_says_one_will_see_is_what_the_product_says(words):
    assert words in GUIDE
    sources = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "bot").rglob("*.j2")]
    assert any(words in source.read_text(encoding="utf-8") for source in sources)


def test_the_buttons_that_the_guide_names_are_in_the_stories():
    stories = "".join(
        story.read_text(encoding="utf-8") for story in (ROOT / "tests" / "transcripts").iterdir()
    )
    for button in ("Đúng là em", "Dùng trang lớp", "Gắn nhóm lớp", "Đổi mã cho một em"):
        assert f"**{button}**" in GUIDE
        assert f"[{button}]" in stories


def test_every_part_that_the_guide_and_the_doctor_point_to_is_there():
    headings = re.findall(r"^#+ (?:\d+\. )?(.+)$", GUIDE, re.MULTILINE)
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "bot").glob("*.py"))
    named = set(re.findall(r"HUONG-DAN\.md, mục “([^”]+)”", sources))
    assert named == {"Sao lưu", "Địa chỉ công khai"}
    assert named <= set(headings)
