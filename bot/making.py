"""The channels of the bots in the settings, and the face that turns see of each."""

from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from bot.channels import Channel
from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.wire import WireSettings
from bot.channels.zalo import ZaloChannel, ZaloSettings
from bot.clock import Clock
from bot.config import API_BASE, BotSettings, Settings
from bot.files import FileLinks
from bot.spool import Spool
from content.fit import Capabilities
from handlers.codes import Codes
from handlers.world import BotFace

SPOOL = "spool"
OPENS = "https://bot.zaloplatforms.com/bots/"
"""Of a Zalo bot, with its number behind it. Reported of several projects, and that its share page
may show another: then the setting `link` has it. bot.zaloplatforms.com, read in October 2026."""


Wired = TypeVar("Wired", bound=WireSettings)


def make_channel(
    bot: BotSettings, settings: Settings, clock: Clock
) -> TelegramChannel | ZaloChannel:
    """The channel of one configured bot; a webhook's secret is made of the key if none is set."""
    return _zalo(bot, settings, clock) if bot.channel == "zalo" else _telegram(bot, settings, clock)


def _telegram(bot: BotSettings, settings: Settings, clock: Clock) -> TelegramChannel:
    return TelegramChannel(_wired(TelegramSettings, bot, settings), clock)


def _zalo(bot: BotSettings, settings: Settings, clock: Clock) -> ZaloChannel:
    """Pictures need an address that Zalo can fetch: https; or any, where another server is Zalo."""
    fetched = settings.public_url.startswith("https://") or (bot.api_base and settings.public_url)
    links = FileLinks(settings.secret, settings.public_url, clock)
    # A day less than keys are kept: the night's work throws them away.
    remembers = timedelta(days=settings.keep_days - 1)
    return ZaloChannel(
        replace(_wired(ZaloSettings, bot, settings), remembers=remembers),
        clock,
        Spool(settings.home / SPOOL / bot.name),
        links.address if fetched else None,
    )


def _wired(kind: type[Wired], bot: BotSettings, settings: Settings) -> Wired:
    return kind(
        name=bot.name,
        token=bot.token,
        mode=bot.mode,
        api_base=bot.api_base or API_BASE[bot.channel],
        webhook_secret=_secret(bot, settings),
        proxy=bot.proxy or None,
        webhook_url=_hook(bot, settings),
        per_second=bot.per_second,
        chat_interval_s=bot.chat_interval_s,
    )


def _secret(bot: BotSettings, settings: Settings) -> str:
    return bot.webhook_secret or Codes(settings.secret).hook_secret(bot.name)


def _hook(bot: BotSettings, settings: Settings) -> str | None:
    """Where the platform posts to; None if it does not, or somebody else tells it."""
    if bot.mode != "webhook" or not settings.public_url:
        return None
    return f"{settings.public_url}/hooks/{bot.channel}/{bot.name}"


def face_of(bot: BotSettings, capabilities: Capabilities) -> BotFace:
    """A bot's face as far as the settings know it."""
    limits = bot.limits
    return BotFace(
        bot.channel,
        "",
        capabilities,
        classes=frozenset(bot.classes),
        limits=limits,
        opens=bot.link,
        joins_groups=limits is None or limits.groups > 0,
    )


def introduced(face: BotFace, channel: Channel, username: str) -> BotFace:
    """The same face with what its platform has told since."""
    if not isinstance(channel, ZaloChannel):
        return replace(face, username=username)
    joins = face.joins_groups and channel.joins_groups is not False
    opens = face.opens or f"{OPENS}{channel.zalo_id}"
    return replace(face, username=username, opens=opens, joins_groups=joins)


def may_join(channel: Channel) -> bool | None:
    """Whether the platform lets the bot into groups; None if it does not say."""
    return channel.joins_groups if isinstance(channel, ZaloChannel) else None
