"""What a process costs and what machine it runs on, as Linux tells it under /proc."""

import os
import platform
import re
import sqlite3
import sys
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def cpu_s(pid: int) -> float:
    """User and system seconds of a process so far, all its threads; in steps of 10 ms.

    Raises:
        OSError: there is no such process.
    """
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mb(pid: int) -> float:
    """The most memory (resident, MB of 1024 x 1024 bytes) that a process has had.

    Raises:
        OSError: there is no such process.
    """
    found = re.search(r"VmHWM:\s+(\d+)", (PROC / str(pid) / "status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def described() -> str:
    """The machine in one line: processor, cores, memory, system, Python, SQLite."""
    cpu = re.search(r"model name\s*: (.*)", (PROC / "cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", (PROC / "meminfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    return ", ".join(
        (
            f"{os.cpu_count()} cores of {cpu[1] if cpu else platform.machine()}",
            f"{int(memory[1]) / 1024**2:.0f} GB" if memory else "?",
            system[1] if system else platform.system(),
            f"Python {sys.version.split()[0]}",
            f"SQLite {sqlite3.sqlite_version}",
        )
    )
