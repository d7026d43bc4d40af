"""The bots in the settings: `[[bot]]` entries, and the variables that suffice for one of a kind."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from bot.config_faults import fault
from handlers.world import WEB, Limits

API_BASE = {
    "telegram": "https://api.telegram.org",
    "zalo": "https://bot-api.zaloplatforms.com",
}
OF_ANY = (
    *("TOKEN", "MODE", "API_BASE", "WEBHOOK_SECRET", "PROXY"),
    *("PER_SECOND", "CHAT_INTERVAL_S"),
)
ONE_BOT = {
    "telegram": OF_ANY,
    "zalo": (*OF_ANY, "LINK", "PEOPLE", "GROUPS", "MESSAGES", "COUNTS_RECEIVED"),
}
NO_TOKEN = {
    "telegram": "LANTOA_TELEGRAM_TOKEN: chưa có; lấy ở @BotFather, dạng 123456:ABC…",
    "zalo": "LANTOA_ZALO_TOKEN: chưa có; Zalo Bot Manager gửi nó trong tin nhắn, dạng 123456:ABC…",
}
OF_ZALO: Mapping[str, Any] = {"per_second": 10}
ONLY_ZALO = ("link", "people", "groups", "messages", "counts_received")
SECRET_LENGTH = 8


class BotSettings(BaseModel):
    """One bot. `token` and `webhook_secret` never appear in a representation.

    Attributes:
        per_second: most messages in any second. 30 is what Telegram gives every bot; more is for
            one that was granted more (paid broadcasts), or that talks to another server (a test).
            Zalo tells no rate: 10 is ours.
        chat_interval_s: least seconds between two messages to one chat; Telegram asks for 1.
        classes: labels of the classes it serves; empty: all.
        link: Zalo: what opens a chat with it, from its share page.
        people, groups, messages, counts_received: Zalo's plan, see `Limits`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    channel: Literal["telegram", "zalo"]
    # Zalo says only that letters of some kind follow the colon: any that an address can hold.
    token: str = Field(min_length=10, repr=False, pattern=r"^[0-9]+:[A-Za-z0-9_.~+=-]+$")
    mode: Literal["polling", "webhook"] = "polling"
    api_base: str = ""
    webhook_secret: str = Field("", repr=False, pattern=r"^[A-Za-z0-9_-]{0,256}$")
    proxy: str = Field("", repr=False)
    per_second: int = Field(30, ge=1)
    chat_interval_s: float = Field(1.0, ge=0, allow_inf_nan=False)
    classes: tuple[str, ...] = ()
    link: str = ""
    people: int = Field(50, ge=1)
    groups: int = Field(3, ge=0)
    messages: int = Field(3000, ge=100)
    counts_received: bool = True

    @model_validator(mode="before")
    @classmethod
    def _by_channel(cls, given: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if isinstance(given, dict) and given.get("channel") == "zalo":
            return {**OF_ZALO, **given}
        for name in ONLY_ZALO if isinstance(given, dict) else ():
            if name in given:
                raise ValueError(f"{name} chỉ dành cho bot Zalo; xóa dòng đó")
        return given

    @field_validator("api_base", "proxy", "link")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("phải là địa chỉ http:// hoặc https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _secret_is_long_enough(self) -> "BotSettings":
        if self.channel == "zalo" and 0 < len(self.webhook_secret) < SECRET_LENGTH:
            raise ValueError(f"webhook_secret: cần ít nhất {SECRET_LENGTH} ký tự")
        return self

    @property
    def limits(self) -> Limits | None:
        """What its platform gives it; None where that is no matter."""
        if self.channel != "zalo":
            return None
        return Limits(self.people, self.groups, self.messages, self.counts_received)


def bots_of(given: object, env: Mapping[str, str], faults: list[str]) -> tuple[BotSettings, ...]:
    """The bots as far as they can be read; what is wrong is added to `faults`.

    Args:
        given: the list `[[bot]]` of the file.
        env: variables without their `LANTOA_`; those of a kind make one more bot of that kind.
        faults: sentences, each naming a setting and its mend.
    """
    listed = list(given) if isinstance(given, list) else []
    for channel in API_BASE:
        listed += _single(channel, env, faults)
    bots: list[BotSettings] = []
    for number, entry in enumerate(listed, 1):
        try:
            bots.append(BotSettings.model_validate(entry))
        except ValidationError as error:
            name = entry.get("name", number) if isinstance(entry, dict) else number
            faults += [f"Bot {name}: {fault(one)}" for one in error.errors(include_url=False)]
    faults += _named_twice([bot.name for bot in bots]) + _used_twice(bots)
    return tuple(bots)


def _single(channel: str, env: Mapping[str, str], faults: list[str]) -> list[dict[str, str]]:
    """The one bot of a kind that the variables describe."""
    start = f"{channel.upper()}_"
    found = {key.lower(): env[start + key] for key in ONE_BOT[channel] if start + key in env}
    if "token" in found:
        return [{"name": channel, "channel": channel, **found}]
    if found:
        faults.append(NO_TOKEN[channel])
    return []


def _named_twice(names: Sequence[str]) -> list[str]:
    often = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    twice = [f"Bot {n}: tên dùng hai lần; đặt tên khác" for n in often]
    return twice + ["Bot web: tên này của trang web; đặt tên khác" for n in names if n == WEB]


def _used_twice(bots: Sequence[BotSettings]) -> list[str]:
    """A fault for each bot with another one's token: both would take what was said to one."""
    first: dict[tuple[str, str, str], str] = {}
    faults = []
    for bot in bots:
        known = first.setdefault((bot.channel, bot.api_base, bot.token), bot.name)
        if known != bot.name:
            faults.append(f"Bot {bot.name}: mã bot (token) trùng với bot {known}; mỗi bot một mã")
    return faults


def unreachable(bots: Sequence[BotSettings], public_url: str) -> list[str]:
    """A fault for each bot whose webhook its platform could not find."""
    return [
        f"Bot {bot.name}: chế độ webhook cần LANTOA_PUBLIC_URL là địa chỉ https:// của trường"
        for bot in bots
        if bot.mode == "webhook" and not public_url and not bot.api_base
    ]
