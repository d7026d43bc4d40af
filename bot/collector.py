"""Python's garbage collector, set for a process that runs long and is asked often."""

import gc

THRESHOLDS = (50_000, 20, 20)


def calm() -> None:
    """Look for cycles seldom, and never again in what is there now; for the end of the start-up.

    Nearly nothing that a turn makes is in a cycle, and the libraries and lessons are a quarter of
    a million objects that stay: searching them took 17 % of a step and stopped all for 0.1 s at a
    time. May be called again when more has been imported.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
