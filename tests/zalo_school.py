"""The mini school with Zalo bots: which classes each serves, and how little room there is."""

from dataclasses import replace
from types import MappingProxyType

from bot.channels.capabilities import ZALO
from handlers.faces import BotFace, Limits
from tests.conversation import FACES, MiniSchool

PAGE = "https://lantoa.example"


def zalo_bot(name: str = "Bot Lan Tỏa 7A", classes: tuple[str, ...] = ("7A",), **more) -> BotFace:
    """A Zalo bot of these classes; `people` is its room."""
    limits = Limits(people=more.pop("people", 50))
    opens = more.pop("opens", f"https://bot.zaloplatforms.com/bots/{''.join(classes)}")
    return BotFace("zalo", name, ZALO, "", frozenset(classes), limits, opens, **more)


def with_bots(school: MiniSchool, public_url: str = PAGE, **bots: BotFace) -> MiniSchool:
    """The same school with these bots besides its own."""
    faces = MappingProxyType({**FACES, **bots})
    school.world = replace(school.world, bots=faces, public_url=public_url)
    return school


def fill(school: MiniSchool, bot: str, n: int) -> None:
    """Let strangers write to a bot."""
    for number in range(n):
        school.insert(
            "account",
            bot=bot,
            external_id=f"stranger-{bot}-{number}",
            is_group=False,
            created_at=school.now,
        )


def grandmother(school: MiniSchool, pupil: str = "lan") -> int:
    """A relative of this pupil who has not come; the id."""
    relative = school.insert(
        "person", kind="relative", age_band="60-plus", sort_key="", created_at=school.now
    )
    school.insert(
        "kinship",
        pupil_id=school.person[pupil],
        relative_id=relative,
        relation="ba-ngoai",
        created_at=school.now,
    )
    return relative
