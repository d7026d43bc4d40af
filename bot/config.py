"""Settings: environment variables over `lantoa.toml`; all faults together, each with its mend."""

import os
import re
import secrets
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.config_bots import API_BASE, BotSettings, bots_of, unreachable
from bot.config_school import SchoolSettings, YearPlan, school_of

DATABASES = {"sqlite", "postgresql", "postgresql+psycopg"}
KEY_FILE = "secret.key"
LINE_RE = re.compile(r"at line (\d+)")
PUSH_HOST = re.compile(r"(https?://)?(\*\.)?[a-z0-9.-]+(:\d+)?")
DEFAULT_FILE = Path("lantoa.toml")
MOST_DAYS = 3660

Faults = tuple[str, ...]
KeyFile = Callable[[Path, list[str]], bytes]  # data folder and list of faults in, key out


class ConfigError(Exception):
    """The settings cannot be used; `faults` are sentences, each naming a setting and its mend."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a command needs to know of its surroundings.

    Attributes:
        home: folder of the data, the key and the lock.
        secret: key of all codes, from `LANTOA_SECRET_KEY` or the file `secret.key` in `home`.
        metrics_token: if set, /metrics may be asked from elsewhere with it.
        year: the school's calendar, and where it is from.
        keep_days: how long update keys, and the texts of what was sent, are kept.
        push_hosts: push services of browsers besides the known ones; `bot.channels.web.push`.
        backup: whether `lantoa run` makes a backup every night.
        backup_key: passphrase that seals backups; "" leaves them open.
        proxies: where our proxies ask from, besides this machine; `bot.proxies`.
    """

    home: Path
    database_url: str = field(repr=False)  # of PostgreSQL it holds a password
    listen: tuple[str, int]
    public_url: str
    secret: bytes = field(repr=False)
    lessons: tuple[Path, ...]
    zone: ZoneInfo
    school: SchoolSettings
    bots: tuple[BotSettings, ...]
    metrics_token: str = field(default="", repr=False)
    year: YearPlan = YearPlan()  # noqa: RUF009 - frozen
    keep_days: int = 30
    push_hosts: tuple[str, ...] = ()
    backup: bool = True
    backup_key: str = field(default="", repr=False)
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def base(self) -> str:
        """The address of the web chat: the public one, else where this machine finds it itself."""
        host, port = self.listen
        here = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared
        return self.public_url or f"http://{f'[{here}]' if ':' in here else here}:{port}"


def read_settings(file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings from `lantoa.toml` (or `file`) with the variables `LANTOA_*` over it.

    Raises:
        ConfigError: with every fault at once.
    """
    settings, faults = survey(file, environ, made_key)
    if faults:
        raise ConfigError(faults)
    return settings


def survey(file: Path | None, environ: Mapping[str, str], key: KeyFile) -> tuple[Settings, Faults]:
    """The same settings as far as they can be read, and every fault of them; raises nothing.

    Args:
        file: the settings file, None for `lantoa.toml` if there is one.
        environ: the environment.
        key: what gives the key of the data folder if no setting does: `made_key` or `found_key`.

    Returns:
        Where a setting is faulty, its default stands; the address of an unknown database is "".
    """
    faults: list[str] = []
    given = _read_file(file, faults)
    env = {
        name[7:]: value for name, value in environ.items() if name.startswith("LANTOA_") and value
    }
    unknown = set(given) - {"bot", "school", *(key.lower() for key in PLAIN)}
    faults += [
        f"{name}: không có cài đặt này trong tệp cấu hình; xóa dòng đó" for name in sorted(unknown)
    ]
    plain = {
        name: env.get(name, str(given.get(name.lower(), default)))
        for name, default in PLAIN.items()
    }
    home = Path(plain["HOME"]).expanduser()
    folder = (file or DEFAULT_FILE).parent
    school, year = school_of(given.get("school", {}), folder, faults)
    bots = bots_of(given.get("bot", []), env, faults)
    listen = _listen(plain["LISTEN"], faults)
    public_url = _public_url(plain["PUBLIC_URL"], faults)
    zone = _zone(plain["TIMEZONE"], faults)
    if isinstance(given.get("lessons"), list) and "LESSONS" not in env:
        plain["LESSONS"] = os.pathsep.join(str(part) for part in given["lessons"])
    lessons = tuple(Path(part) for part in plain["LESSONS"].split(os.pathsep) if part)
    faults += [f"LANTOA_LESSONS: không có thư mục {path}" for path in lessons if not path.is_dir()]
    secret = _secret(plain["SECRET_KEY"], home, key, faults)
    url = _database_url(plain["DATABASE_URL"] or f"sqlite:///{home / 'lantoa.db'}", faults)
    faults += unreachable(bots, public_url)
    settings = Settings(
        home=home,
        database_url=url,
        listen=listen,
        public_url=public_url,
        secret=secret,
        lessons=lessons,
        zone=zone,
        school=school,
        bots=bots,
        metrics_token=plain["METRICS_TOKEN"],
        year=year,
        keep_days=_keep_days(plain["KEEP_DAYS"], faults),
        push_hosts=_push_hosts(plain["PUSH_HOSTS"], faults),
        backup=_switch("BACKUP", plain["BACKUP"], faults),
        backup_key=_backup_key(plain["BACKUP_KEY"], faults),
        proxies=_proxies(plain["PROXIES"], faults),
    )
    return settings, tuple(faults)


PLAIN = {
    "HOME": "./var",
    "DATABASE_URL": "",
    "LISTEN": "127.0.0.1:8080",
    "PUBLIC_URL": "",
    "SECRET_KEY": "",
    "LESSONS": "",
    "TIMEZONE": "Asia/Ho_Chi_Minh",
    "METRICS_TOKEN": "",
    "KEEP_DAYS": "30",
    "PUSH_HOSTS": "",
    "BACKUP": "on",
    "BACKUP_KEY": "",
    "PROXIES": "",
}


def _read_file(file: Path | None, faults: list[str]) -> dict[str, Any]:
    path = file or DEFAULT_FILE
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if file is not None:
            faults.append(f"--config: không có tệp {file}")
    except OSError as error:
        faults.append(f"{path}: không đọc được tệp cấu hình ({error.strerror})")
    except UnicodeDecodeError:
        faults.append(f"{path}: tệp cấu hình phải lưu bằng mã UTF-8")
    except tomllib.TOMLDecodeError as error:
        line = LINE_RE.search(str(error))
        where = f"dòng {line[1]}" if line else "cuối tệp"
        faults.append(f"{path}: tệp cấu hình viết sai, {where}; xem lại ngoặc và dấu nháy ở đó")
    return {}


def _listen(text: str, faults: list[str]) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        faults.append("LANTOA_LISTEN: phải có dạng 127.0.0.1:8080")
        return "127.0.0.1", 8080
    return host.strip("[]"), int(port)


def _public_url(text: str, faults: list[str]) -> str:
    if text and (urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).hostname):
        faults.append("LANTOA_PUBLIC_URL: phải có dạng https://lantoa.truong.vn")
        return ""
    return text.rstrip("/")


def _database_url(text: str, faults: list[str]) -> str:
    """The address, if it is of a database we know; never shown, since it may hold a password."""
    try:
        known = make_url(text).drivername in DATABASES
    except (ArgumentError, ValueError):  # the error's text holds parts of the address
        known = False
    if not known:
        faults.append("LANTOA_DATABASE_URL: chỉ nhận sqlite:///TỆP hoặc postgresql://…")
        return ""
    return text


def _push_hosts(text: str, faults: list[str]) -> tuple[str, ...]:
    """Names of machines, between commas; with http:// and a port only for tests on one machine."""
    hosts = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if not all(PUSH_HOST.fullmatch(host) for host in hosts):
        faults.append(
            "LANTOA_PUSH_HOSTS: phải là tên máy, cách nhau bằng dấu phẩy: push.example.org"
        )
        return ()
    return hosts


def _proxies(text: str, faults: list[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        faults.append(
            "LANTOA_PROXIES: phải là địa chỉ mạng, cách nhau bằng dấu phẩy: 172.16.0.0/12"
        )
        return ()


def _switch(name: str, text: str, faults: list[str]) -> bool:
    known = {"on": True, "true": True, "off": False, "false": False}
    if text.lower() not in known:
        faults.append(f"LANTOA_{name}: phải là on hoặc off")
    return known.get(text.lower(), True)


def _backup_key(text: str, faults: list[str]) -> str:
    """What seals the backups: who finds a lost USB stick tries short ones out."""
    if text and len(text) < 16:
        faults.append("LANTOA_BACKUP_KEY: cần ít nhất 16 ký tự")
        return ""
    return text


def _zone(text: str, faults: list[str]) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        faults.append("LANTOA_TIMEZONE: không có múi giờ này; dùng Asia/Ho_Chi_Minh")
        return ZoneInfo("Asia/Ho_Chi_Minh")


def _keep_days(text: str, faults: list[str]) -> int:
    """At least two days: a platform may deliver an update again for one."""
    if text.isdecimal() and 2 <= int(text) <= MOST_DAYS:
        return int(text)
    faults.append(f"LANTOA_KEEP_DAYS: phải là số ngày, từ 2 đến {MOST_DAYS}")
    return 30


def _secret(text: str, home: Path, key: KeyFile, faults: list[str]) -> bytes:
    """The key from the variable, else from its file."""
    if text:
        if len(text) < 16:
            faults.append("LANTOA_SECRET_KEY: cần ít nhất 16 ký tự")
        return text.encode()
    return key(home, faults)


def made_key(home: Path, faults: list[str]) -> bytes:
    """The key in the data folder; made there if it is missing, with mode 0600."""
    path = home / KEY_FILE
    try:
        home.mkdir(0o700, parents=True, exist_ok=True)  # names of children lie there
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    except OSError as error:
        faults.append(f"LANTOA_HOME: không ghi được vào {home} ({error.strerror})")
        return b""
    return found_key(home, faults)


def found_key(home: Path, faults: list[str]) -> bytes:
    """The key in the data folder; none, and no fault, if there is no such file yet."""
    path = home / KEY_FILE
    try:
        found = path.read_bytes().strip()
    except FileNotFoundError:
        return b""
    except OSError as error:
        faults.append(f"LANTOA_HOME: không đọc được {path} ({error.strerror})")
        return b""
    if not found:  # codes made from nothing could be made by anybody
        faults.append(f"LANTOA_HOME: {path} trống; chép lại khóa từ bản sao lưu")
    return found


__all__ = [
    "API_BASE",
    "BotSettings",
    "ConfigError",
    "Settings",
    "found_key",
    "made_key",
    "read_settings",
    "survey",
]
