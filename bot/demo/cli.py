"""The command `lantoa demo`."""

import logging
import os
from typing import Annotated

import structlog
import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot import logs
from bot.cli import WRONG_USE, fail, say
from bot.config import ConfigError
from bot.demo.serve import serve_demo

LISTEN = "127.0.0.1:8080"
Port = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help="Cổng, mặc định 8080. / Port."),
]


def demo(port: Port = None) -> None:
    """Xem thử với một trường dựng sẵn, không cần cài đặt gì. (A made-up school to try.)"""  # noqa: D415 - shown as help
    logs.set_up(verbose=False)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    listen = os.environ.get("LANTOA_LISTEN") or LISTEN
    if port is not None:
        listen = f"{listen.rpartition(':')[0] or '127.0.0.1'}:{port}"
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    task = bar.add_task("Dựng trường THCS Hoa Mai: 2 lớp, 60 em, bốn tuần", total=1.0)

    def progress(share: float) -> None:
        bar.update(task, completed=share)

    def ready(address: str) -> None:
        bar.update(task, completed=1.0)
        bar.stop()
        say(f"Mở trang này bằng trình duyệt: {address}")
        say("Bấm Ctrl-C để dừng. Dừng là xóa hết, không để lại gì.")

    with bar:
        try:
            uvloop.run(serve_demo(listen, progress, ready))
        except ConfigError as error:
            fail("\n".join(error.faults), WRONG_USE)
