"""The style of scenes and help cards, and the balance of the bank, as an editor would look."""

from collections import Counter
from collections.abc import Iterator

from content.checks import Finding
from content.help_cards import HelpCard
from content.marked import Path
from content.scenes import Bank, Scene, Script
from content.style_questions import guess_reasons
from content.style_words import banned_reasons, form_reasons, lengths, too_long, word_reasons

LONGEST = 15  # words of a sentence: relatives read scenes and cards too


def bank_findings(bank: Bank) -> Iterator[str]:
    """Where the bank is out of balance: people would learn to distrust everything, or nothing."""
    fakes = Counter(scene.script for scene in bank.scenes.values() if scene.fake)
    genuine = Counter(scene.script for scene in bank.scenes.values() if not scene.fake)
    n_fake, n_all = fakes.total(), len(bank.scenes)
    if n_all and not 0.45 <= n_fake / n_all <= 0.55:
        yield f"Kho có {n_fake} tình huống giả trong {n_all}; cần khoảng một nửa."
    for script in bank.scripts:
        if not fakes[script] or not genuine[script]:
            lacking = "giả" if not fakes[script] else "thật"
            yield f"Kịch bản “{script}” chưa có tình huống {lacking} nào."


def script_findings(script: Script) -> Iterator[Finding]:
    """What an editor would mark in one file of the bank.

    The words of a scene itself are left alone: a swindler writes as swindlers do.
    """
    for reason in guess_reasons([scene.options for scene in script.scenes]):
        yield Finding(("scenes",), f"Kịch bản này: {reason}")
    for at, scene in enumerate(script.scenes):
        for path, text, banned in _told(scene):
            for reason in _reasons(text, banned=banned):
                yield Finding(("scenes", at, *path), reason)


def card_findings(card: HelpCard) -> Iterator[Finding]:
    """What an editor would mark in a help card."""
    yield from (Finding(("text",), reason) for reason in _reasons(card.text.vi, banned=True))


def script_lengths(script: Script) -> list[int]:
    """How many words each sentence has that we say about the scenes of a file."""
    return [n for scene in script.scenes for _, text, _ in _told(scene) for n in lengths(text)]


def _told(scene: Scene) -> Iterator[tuple[Path, str, bool]]:
    """What we say about a scene, and whether it must not say what must not be taught."""
    for at, option in enumerate(scene.options):
        yield ("options", at, "text"), option.text.vi, option.right
        yield ("options", at, "because"), option.because.vi, True
    for at, sign in enumerate(scene.signs):
        yield ("signs", at), sign.vi, True


def _reasons(text: str, *, banned: bool) -> Iterator[str]:
    yield from too_long(text, LONGEST)
    yield from word_reasons(text)
    yield from form_reasons(text)
    if banned:
        yield from banned_reasons(text)
