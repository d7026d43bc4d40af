"""The doctor's checks of how much room the Zalo bots have left, and of what bots lack."""

from collections.abc import Iterator, Sequence

from bot.bots_sight import BotSight, look
from bot.doctor_ground import Finding, Ground
from bot.doctor_work import asked
from content.figures import number
from db.store import Store
from handlers import budget
from handlers.budget import Level
from handlers.world import WEB, Limits

NEARLY = 0.9  # of the people: a class comes in all at once
MORE_BOTS = "Thêm một bot nữa vào lantoa.toml rồi chia lớp bằng classes, hoặc mời dùng trang web."
SAMPLE = "thay-bang"  # in the guide, where one's own link belongs
LINK_MEND = "Chép link ở phần chia sẻ của bot (Zalo Bot Creator) vào cài đặt link của bot này."
GROUP_MEND = (
    "Đặt lại bot này vào cài đặt; hoặc thầy cô chủ nhiệm gõ “lớp”, chọn “Gỡ nhóm” rồi gắn nhóm mới."
)
HTTPS_MEND = "Đặt LANTOA_PUBLIC_URL là địa chỉ https:// (HUONG-DAN.md, mục “Địa chỉ công khai”)."


def room(ground: Ground) -> list[Finding]:
    """What is used up or missing; nothing where no bot has a limit, one line where all is well."""
    limited = [bot for bot in ground.settings.bots if bot.limits is not None]
    left_behind = list(_left_behind(ground))
    if not limited:
        return left_behind
    now, settings = ground.clock.now(), ground.settings
    month = f"{now.astimezone(settings.zone):%Y-%m}"

    def ask(store: Store) -> tuple[Sequence[BotSight], Sequence[str]]:
        rows = store.classes.of_year(settings.school.year)
        return look(settings, month, now, store), [row.label for row in rows]

    found = asked(ground, ask)
    faults = [*left_behind, *_pictures(settings.public_url), *_links(ground)]
    if found is not None:
        sights, labels = found
        faults += [fault for one in sights for fault in judge(one, labels)]
    return faults or [Finding("Bot Zalo", "ok", _left(found[0] if found else ()))]


def _left(sights: Sequence[BotSight]) -> str:
    """What is used where nothing is to be said: "2 bot, 61/100 người, nhiều nhất 40% tin"."""
    limits = [(one, one.limits) for one in sights if one.limits is not None]
    if not limits:
        return "chưa có dữ liệu"
    people = sum(one.n_people for one, _ in limits)
    most = max(one.n_spent * 100 // each.messages for one, each in limits)
    n_places = sum(each.people for _, each in limits)
    text = f"{len(limits)} bot, {number(people)}/{number(n_places)} người"
    return f"{text}, bot nhắn nhiều nhất đã dùng {most}% số tin của tháng"


def judge(one: BotSight, labels: Sequence[str]) -> Iterator[Finding]:
    """What one bot lacks; `labels`: of the school's classes this year, empty if not known."""
    name = f"Bot {one.settings.name}"
    strange = [label for label in one.settings.classes if label not in labels] if labels else []
    if strange:
        mend = "Sửa classes của bot này trong lantoa.toml, hoặc xem lại danh sách lớp."
        yield Finding(name, "look", f"phục vụ lớp mà trường không có: {', '.join(strange)}", mend)
    if one.limits is not None:
        yield from _people(name, one, one.limits)
        yield from _month(name, one, one.limits)


def _people(name: str, one: BotSight, limits: Limits) -> Iterator[Finding]:
    taken = one.n_people + one.n_kept
    if taken >= limits.people:
        yield Finding(name, "look", f"đã đủ {limits.people} người", MORE_BOTS)
    elif taken >= limits.people * NEARLY:
        yield Finding(name, "look", f"gần đủ người: {taken}/{limits.people}", MORE_BOTS)


def _month(name: str, one: BotSight, limits: Limits) -> Iterator[Finding]:
    if one.used is None:
        return
    level = budget.level_of(one.used, limits)
    shown = f"{number(one.n_spent)}/{number(limits.messages)}"
    if level is Level.SPENT:
        text = f"hết tin của tháng ({shown}), mỗi người được mời sang trang web"
        yield Finding(name, "broken", text, MORE_BOTS)
    elif level is Level.CAREFUL:
        text = f"gần hết tin của tháng ({shown}), chỉ còn trả lời và gửi tổng kết"
        yield Finding(name, "look", text, MORE_BOTS)
    elif level is Level.MOST:
        yield Finding(name, "look", f"đã dùng phần lớn tin của tháng ({shown})", MORE_BOTS)


def _left_behind(ground: Ground) -> Iterator[Finding]:
    """Bots out of the settings in whose groups classes still wait for their tallies."""
    known = {WEB, *(bot.name for bot in ground.settings.bots)}
    bound = asked(ground, lambda store: store.classes.n_groups()) or {}
    for name, n in sorted(bound.items()):
        if name not in known:
            text = f"không còn trong cài đặt, mà {n} nhóm lớp còn gắn với bot này nên không có "
            yield Finding(f"Bot {name}", "look", f"{text}tổng kết", GROUP_MEND)


def _links(ground: Ground) -> Iterator[Finding]:
    """Without the setting, links are made of the bot's number, which may open nothing."""
    for bot in ground.settings.bots:
        if bot.channel == "zalo" and (not bot.link or SAMPLE in bot.link):
            yield Finding(f"Bot {bot.name}", "look", "chưa có link mở chat với bot", LINK_MEND)


def _pictures(public_url: str) -> Iterator[Finding]:
    if not public_url.startswith("https://"):
        text = "địa chỉ công khai không phải https: hình chỉ kể được bằng lời, webhook không chạy"
        yield Finding("Bot Zalo", "look", text, HTTPS_MEND)
