"""The product's school: pupils imported from a class list, who have come in with their codes."""

import asyncio
import json
import subprocess
from pathlib import Path

from openpyxl import Workbook

from bench.driver import QUIET_S, Driver
from bench.fake_api import FakeApi
from bench.subjects import START_S, Subject, lantoa, product_environ, started, until_ready
from bench.webhook import Webhook

CLASS_SIZE = 40
FIRST_CHAT = 10_000
HEAD = ("STT", "Lớp", "Họ và tên", "Ngày sinh", "Đồng ý của phụ huynh")


async def prepare(home: Path, n_pupils: int) -> list[int]:
    """Make the school in `home` by the product's own commands; return the pupils' chats.

    Every pupil has the guardian's consent, so that every answer is recorded, and has come in with
    their code through the running bot.

    Raises:
        subprocess.CalledProcessError: a command failed.
        LookupError: somebody was not let in.
        TimeoutError: the bot did not publish its commands.
    """
    list_ = home / "list.xlsx"
    _write_list(list_, n_pupils)
    codes = _imported(home, list_)
    chats = {FIRST_CHAT + number: code for number, code in enumerate(codes)}
    api = FakeApi()
    address = await api.start()
    with started(Subject("product", "product"), home, address) as running:
        await until_ready(running, api)
        hook = Webhook(api)
        await hook.connect()
        phase = await Driver(api, hook, 96).enter(chats)
        await _published(api)
    await api.stop()
    if phase.faults or hook.refused:
        raise LookupError(f"not everybody was let in: {phase.faults}")
    return list(chats)


async def _published(api: FakeApi) -> None:
    """Wait until the bot has published its commands, which it does once a release.

    That call would fall into the first run.
    """
    async with asyncio.timeout(START_S):
        while not api.counts["setmycommands"]:  # noqa: ASYNC110 - the bot is another process
            await asyncio.sleep(QUIET_S)
    await asyncio.sleep(QUIET_S)  # for it to be written down


def _write_list(file: Path, n_pupils: int) -> None:
    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise LookupError("a new workbook has a sheet")
    sheet.append(HEAD)
    for number in range(n_pupils):
        label = f"1A{number // CLASS_SIZE + 1}"
        sheet.append((number + 1, label, f"Nguyễn Văn {name(number)}", "02/03/2020", "có"))
    book.save(file)


def name(number: int) -> str:
    """A name of letters for a number: nobody is called "42"."""
    letters = "ABCDEGHKLM"
    return "".join(letters[int(digit)].lower() for digit in f"{number:04d}").capitalize()


def _imported(home: Path, file: Path) -> list[str]:
    """Import the list and return the pupils' codes."""
    (home / "lantoa.toml").write_text('[school]\nkind = "TH"\n', encoding="utf-8")
    _run(home, "school", "import", str(file), "--apply")
    rows = json.loads(_run(home, "school", "codes", "--json"))
    return [row["code"] for row in rows if row["role"] == "pupil"]


def _run(home: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [lantoa(), *words],
        cwd=home,
        env=product_environ(home, 0),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
