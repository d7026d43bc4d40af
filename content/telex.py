"""What a keyboard left undone: a word in Telex or VNI keystrokes, read as it was meant."""

import re
import unicodedata

LETTERS = {
    **dict.fromkeys(("aa", "a6"), "â"),
    **dict.fromkeys(("aw", "a8"), "ă"),
    **dict.fromkeys(("ee", "e6"), "ê"),
    **dict.fromkeys(("oo", "o6"), "ô"),
    **dict.fromkeys(("ow", "o7"), "ơ"),
    **dict.fromkeys(("uw", "u7"), "ư"),
    **dict.fromkeys(("dd", "d9"), "đ"),
}
TONES = {
    **dict.fromkeys("s1", "\u0301"),
    **dict.fromkeys("f2", "\u0300"),
    **dict.fromkeys("r3", "\u0309"),
    **dict.fromkeys("x4", "\u0303"),
    **dict.fromkeys("j5", "\u0323"),
}
LETTER_RE = re.compile("uuw|" + "|".join(sorted(LETTERS)))
# First letters, vowels, last letters; a tone may have been struck anywhere after the first vowel.
WORD_RE = re.compile(
    r"(ngh|[cgknpt]h|ng|tr|qu|gi|[bcdđghklmnpqrstvx])?([aeiouyâăêôơư]{1,4})(ch|n[gh]|[cmnpt])?"
)
TONE_RE = re.compile(r"([aeiouyâăêôơư][cghmnpt]*)([sfrxj1-5])(?=[aeiouyâăêôơưcghmnpt]*$)")
AS_THEY_ARE = frozenset({"axit", "beats", "hits", "post", "sex", "sos"})  # words of the lists


def untyped(word: str) -> str:
    """The Vietnamese word that Telex or VNI keystrokes were meant for; any other word as it is.

    Args:
        word: one word in small letters: "muoons" becomes "muốn", "bij" "bị", "che61t" "chết";
            "boss", "zalo" and "6a1" stay.
    """
    if not word.isascii() or len(word) < 3 or word in AS_THEY_ARE:
        return word
    shaped = LETTER_RE.sub(lambda m: LETTERS.get(m[0], "ưu"), word)
    tone = TONE_RE.search(shaped)
    if tone is None and shaped == word:
        return word
    plain = shaped if tone is None else shaped[: tone.start(2)] + shaped[tone.end() :]
    match = WORD_RE.fullmatch(plain)
    return word if match is None else _marked(match, TONES[tone[2]] if tone else "")


def _marked(match: re.Match[str], tone: str) -> str:
    """The word with its tone on the vowel that has a shape, else on the first.

    Where exactly it stands does not matter to those who compare by letters and marks.
    """
    vowels = match[2]
    at = max((i for i, vowel in enumerate(vowels) if not vowel.isascii()), default=0)
    marked = vowels[: at + 1] + tone + vowels[at + 1 :]
    return unicodedata.normalize("NFC", (match[1] or "") + marked + (match[3] or ""))
