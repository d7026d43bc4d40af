"""What stands in `deploy/` fits the product: settings, service, proxy, and every command told."""

import re
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import click
import pytest
import typer.main
import yaml

from bot.__main__ import app
from bot.cli import WRONG_USE
from bot.config import PLAIN, read_settings
from bot.doctor_home import KNOWN
from tests.doctoring import as_somebody, folder_in_the_open

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
GUIDE = (DEPLOY / "HUONG-DAN.md").read_text(encoding="utf-8")
EXAMPLE = (DEPLOY / ".env.example").read_text(encoding="utf-8")
CADDYFILE_COMPOSE = (DEPLOY / "Caddyfile.compose").read_text(encoding="utf-8")
CADDYFILE = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
SHELL = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
IN_CONTAINER = re.compile(r"^docker compose (exec lantoa|run --rm) lantoa ")
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


# Containers


@pytest.fixture
def compose() -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return dict(found["services"])


DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8")
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"][
    "build"
]["targets"]["wheel"]["packages"]


def test_the_image_holds_what_is_installed_and_nothing_else():
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    files = {name for names in copied for name in names.split()}
    assert files == {"requirements.lock", "pyproject.toml", "README.md", *PACKAGES}
    assert set(re.findall(r"^!(.+)$", IGNORED, re.MULTILINE)) == files


def test_the_image_runs_as_nobody_and_looks_after_its_health():
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "chown" not in last
    assert "HEALTHCHECK" in last
    assert "/healthz" in last
    assert "pip install" not in last
    assert 'ENTRYPOINT ["lantoa"]\nCMD ["run"]\n' in last


def test_the_image_has_the_pg_dump_of_the_server_beside_it(compose):
    client = re.search(r"postgresql-client-(\d+)", DOCKERFILE)
    server = re.match(r"postgres:(\d+)-", compose["db"]["image"])
    assert client[1] == server[1] >= "16"
    assert compose["db"]["image"].split("-")[1] in DOCKERFILE  # the same Debian


def test_the_containers_get_settings_that_the_product_takes(compose, tmp_path):
    given = compose["lantoa"]["environment"]
    assert set(given) <= KNOWN
    told = {name: value.replace("${POSTGRES_PASSWORD}", "secret") for name, value in given.items()}
    settings = read_settings(None, {**told, "LANTOA_HOME": str(tmp_path)})
    assert f":{settings.listen[1]}\n" in CADDYFILE_COMPOSE
    assert f"EXPOSE {settings.listen[1]}\n" in DOCKERFILE
    assert given["LANTOA_HOME"] in str(compose["lantoa"]["volumes"])
    networks = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["networks"]
    assert str(settings.proxies[0]) == networks["outside"]["ipam"]["config"][0]["subnet"]


def test_only_caddy_is_reached_from_outside_and_only_lantoa_reaches_the_database(compose):
    assert [name for name, service in compose.items() if "ports" in service] == ["caddy"]
    assert {name for name, one in compose.items() if "inside" in one["networks"]} == {
        "db",
        "lantoa",
    }
    assert all(service["restart"] == "unless-stopped" for service in compose.values())
    lantoa = compose["lantoa"]
    assert (lantoa["read_only"], lantoa["cap_drop"]) == (True, ["ALL"])
    assert int(lantoa["stop_grace_period"].removesuffix("s")) > STOP_S


def test_what_compose_needs_to_know_is_in_the_example():
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    names = set(re.findall(r"\$\{(\w+)", text))
    assert names == set(re.findall(r"^#(?!LANTOA_)([A-Z_]+)=", EXAMPLE, re.MULTILINE))


def test_both_caddyfiles_are_the_same_but_for_where_lantoa_is():
    def bare(text: str) -> str:
        return re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)

    told = bare(CADDYFILE_COMPOSE).replace("{$TEN_MIEN}", "TEN-MIEN")
    assert told.replace("lantoa:8080", PLAIN["LISTEN"]) == bare(CADDYFILE)


# The guide


def told_commands() -> list[str]:
    """Every `lantoa …` of the guide, in frames and in lines."""
    framed = [line for block in SHELL for line in block.splitlines()]
    inline = re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", GUIDE, flags=re.DOTALL | re.MULTILINE)
    )
    lines = {IN_CONTAINER.sub("lantoa ", line) for line in (*framed, *inline)}
    return sorted(line for line in lines if line.startswith("lantoa "))


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
    days = ("school import", "school slips", "school renew", "doctor", "tally")
    later = ("db backup", "db restore", "db check", "outbox list", "school calendar")
    for command in (*days, *later):
        assert f"lantoa {command}" in told


def test_the_guides_first_zalo_bot_is_one_that_the_settings_take(tmp_path):
    (block,) = (block for block in SHELL if "[[bot]]" in block)
    file = tmp_path / "lantoa.toml"
    file.write_text(block.partition("<<'HET'\n")[2].partition("\nHET\n")[0], encoding="utf-8")
    given = {"LANTOA_HOME": str(tmp_path), "LANTOA_PUBLIC_URL": "https://lantoa.truong.vn"}
    (bot,) = read_settings(file, given).bots
    assert (bot.name, bot.channel, bot.mode) == ("zalo-7a", "zalo", "webhook")
    assert (bool(bot.link), bot.classes) == (True, ("7A", "7B"))
    assert f"“Bot {bot.name}” và “Webhook {bot.name}”" in GUIDE
    told = set(re.findall(r"`(people|groups|messages|counts_received) =", GUIDE))
    assert len(told) == 4
    assert told <= set(type(bot).model_fields)


def test_every_setting_that_the_guide_names_exists():
    assert set(re.findall(r"LANTOA_\w+", GUIDE)) <= KNOWN


def test_every_file_that_the_guide_takes_from_here_is_here():
    files = set(re.findall(r"/opt/lantoa/([\w./-]+)", GUIDE))
    assert len(files) == 5
    assert all((ROOT / file).exists() for file in files)


@pytest.mark.parametrize(
    "words",
    [
        *("Chưa thay đổi gì", "Đã nhập xong", "phiếu vào", "Chào mừng đến với", "Bản dữ liệu"),
        *("Đã sao lưu vào", "lành", "Đã đưa dữ liệu lúc"),
        *("Mở bằng Zalo", "sai mã bot", "Tin đến"),
    ],
)
def test_what_the_guide_says_one_will_see_is_what_the_product_says(words):
    assert words in GUIDE
    sources = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "bot").rglob("*.j2")]
    assert any(words in source.read_text(encoding="utf-8") for source in sources)


def test_the_buttons_that_the_guide_names_are_in_the_stories():
    stories = "".join(
        story.read_text(encoding="utf-8")
        for story in (ROOT / "tests" / "transcripts").glob("*.yaml")
    )
    for button in ("Đúng là em", "Dùng trang lớp", "Gắn nhóm lớp", "Tạm dừng nhắn"):
        assert f"**{button}**" in GUIDE
        assert f"[{button}]" in stories


def test_every_part_that_the_guide_and_the_doctor_point_to_is_there():
    headings = re.findall(r"^#+ (?:\d+\. )?(.+)$", GUIDE, re.MULTILINE)
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "bot").glob("*.py"))
    named = set(re.findall(r"HUONG-DAN\.md, mục “([^”]+)”", sources))
    assert named == {"Sao lưu", "Địa chỉ công khai"}
    assert named <= set(headings)
