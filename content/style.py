"""The style of lessons: sentences, questions and words, as an editor would look at them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path as File
from statistics import fmean

import yaml

from content.checks import Finding
from content.dialogue import bare
from content.marked import Path
from content.model import Ask, Draw, Lesson, Say, Teach, Try
from content.parts import Option, Text
from content.scenes import Bank

Step = Say | Ask | Draw | Try | Teach

LISTS = File(__file__).with_name("style.yaml")
SOON = timedelta(days=30)  # a fact to be reviewed within this time is told

END_RE = re.compile(r"[.!?…]+[\"”)]*(?=\s|$)|\n+|:(?=\s)")
NUMBER_RE = re.compile(r"^\s*\d+\.\s+", re.MULTILINE)
WORD_RE = re.compile(r"\S*\w\S*")
ADDRESS_RE = re.compile(
    r"\b[\w-]+(?:\.[\w-]+)*\.(?:vn|com|net|org|top|xyz|info|site|shop|online)\b"
)
STEPS_RE = re.compile(r"^\s*\d+\.", re.MULTILINE)
QUOTED_RE = re.compile(r"[\"“][^\"”]*[\"”]")
LATE_SMALL_RE = re.compile(r"(?:^|[.!?]\s+|\n)\{(?:you|me)\}")
EARLY_LARGE_RE = re.compile(r"[\w,;] +\{(?:You|Me)\}")
AS_READER_RE = re.compile(
    r"(?:^|[.!?]\s+|\n)(?:Em|Bạn) "
    r"(?:hãy|nên|cần|nhớ|có thể|đừng|sẽ|phải|đã|thử|chọn|làm|mở|bấm|gõ|xem|đọc|viết|hỏi)\b"
)
REFUTED_RE = re.compile(r"\b(?:không|chẳng|đừng|hết|bỏ|khỏi|chưa)\b")


@dataclass(frozen=True, slots=True)
class Voice:
    """What is asked of the words of one track.

    Attributes:
        name: how an author knows it.
        longest: most words (syllables between spaces) of a sentence.
        questions: least and most questions, scenes included; None where it is not counted.
    """

    name: str
    longest: int
    questions: tuple[int, int] | None


PUPIL = Voice("học sinh", 22, (4, 7))
RELATIVE = Voice("người thân", 15, (3, 6))
YOUNG = Voice("lớp 3-5", 15, (3, 5))
ASKED = Voice("câu hỏi người thân", 15, (2, 3))


@dataclass(frozen=True, slots=True)
class Measured:
    """The sentences of one track: the longest and the mean, in words."""

    voice: Voice
    longest: int
    mean: float


@dataclass(frozen=True, slots=True)
class Lists:
    """The word lists of `style.yaml`, ready to search with."""

    foreign: Mapping[str, str]
    names: tuple[str, ...]
    said: tuple[str, ...]
    officialese: tuple[str, ...]
    banned: tuple[tuple[re.Pattern[str], str], ...]
    addresses: frozenset[str]


@cache
def lists() -> Lists:
    """The lists that come with the product."""
    read = yaml.safe_load(LISTS.read_text(encoding="utf-8"))
    banned = ((re.compile(each, re.IGNORECASE), why) for each, why in read["banned"].items())
    return Lists(
        read["foreign"],
        tuple(read["names"]),
        tuple(read["said"]),
        tuple(read["officialese"]),
        tuple(banned),
        frozenset(read["addresses"]),
    )


@dataclass(frozen=True, slots=True)
class _Track:
    """One track of a lesson: its texts and questions, each with its place in the file."""

    voice: Voice
    texts: tuple[tuple[Path, str], ...]
    asks: tuple[tuple[Path, tuple[Option, ...]], ...]
    n_scenes: int

    @property
    def mistakes(self) -> frozenset[Path]:
        """Where the wrong options stand: what they say may be just what must not be taught."""
        return frozenset(
            (*path, at, "text")
            for path, options in self.asks
            for at, option in enumerate(options)
            if not option.right
        )


def measured(lesson: Lesson) -> tuple[Measured, ...]:
    """How long the sentences of each track are."""
    found = []
    for track in _tracks(lesson):
        lengths = [n for _, text in track.texts for n in _lengths(text)]
        if lengths:
            found.append(Measured(track.voice, max(lengths), fmean(lengths)))
    return tuple(found)


def style_findings(lesson: Lesson, today: date) -> Iterator[Finding]:
    """What an editor would mark in a lesson; nothing of it keeps the lesson from being used."""
    for track in _tracks(lesson):
        yield from _long_sentences(track)
        yield from _questions(track)
        yield from _unexplained(track)
        mistakes = track.mistakes
        for path, text in track.texts:
            yield from _words(path, text)
            yield from _forms(path, text)
            if path not in mistakes:
                yield from (Finding(path, reason) for reason in _banned(text))
    yield from _parts(lesson)
    yield from _near_review(lesson, today)


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


def sentences(text: str) -> list[str]:
    """The sentences of a text; list numbers are left out, and quoted speech counts on its own."""
    parts = END_RE.split(NUMBER_RE.sub("", text))
    return [part.strip() for part in parts if WORD_RE.search(part)]


def _lengths(text: str) -> list[int]:
    return [len(WORD_RE.findall(sentence)) for sentence in sentences(text)]


def _tracks(lesson: Lesson) -> Iterator[_Track]:
    yield _track(PUPIL, (), lesson.steps)
    if lesson.relative:
        yield _track(RELATIVE, ("relative",), lesson.relative.steps)
    if lesson.young:
        yield _track(YOUNG, ("young",), lesson.young.steps)
    checks = [
        ((*place, "check", n), ask)
        for place, step in _placed((), lesson.steps)
        if isinstance(step, Teach)
        for n, ask in enumerate(step.check)
    ]
    if checks:
        texts = tuple(text for place, ask in checks for text in _asked(place, ask))
        asks = tuple(((*place, "options"), ask.options) for place, ask in checks)
        yield _Track(ASKED, texts, asks, 0)


def _placed(prefix: Path, steps: Sequence[Step]) -> Iterator[tuple[Path, Step]]:
    return (((*prefix, "steps", at), step) for at, step in enumerate(steps))


def _track(voice: Voice, prefix: Path, steps: Sequence[Step]) -> _Track:
    placed = list(_placed(prefix, steps))
    texts = tuple(text for path, step in placed for text in _texts(path, step))
    asks = tuple(((*path, "options"), s.options) for path, s in placed if isinstance(s, Ask))
    return _Track(voice, texts, asks, sum(isinstance(step, Draw) for step in steps))


def _texts(path: Path, step: Step) -> list[tuple[Path, str]]:
    match step:
        case Say(say=text):
            return [((*path, "say"), text.vi)]
        case Try(task=text):
            return [((*path, "try"), text.vi)]
        case Teach(teach=text):
            return [((*path, "teach"), text.vi)]
        case Ask():
            return _asked(path, step)
        case Draw():
            return []


def _asked(path: Path, ask: Ask) -> list[tuple[Path, str]]:
    found = [((*path, "ask"), ask.ask.vi)]
    for at, option in enumerate(ask.options):
        found += [((*path, "options", at, "text"), option.text.vi)]
        found += [((*path, "options", at, "because"), option.because.vi)]
    return found


def _long_sentences(track: _Track) -> Iterator[Finding]:
    most = track.voice.longest
    for path, text in track.texts:
        for sentence in sentences(text):
            n = len(WORD_RE.findall(sentence))
            if n > most:
                start = " ".join(sentence.split()[:6])
                yield Finding(path, f"Câu dài {n} tiếng (nhiều nhất {most}): “{start}…”.")


def _questions(track: _Track) -> Iterator[Finding]:
    """How many questions, and whether their right answers can be guessed."""
    if not track.asks:
        return
    n_asks, first = len(track.asks), track.asks[0][0][:-2]
    low, high = track.voice.questions or (0, n_asks)
    if not low <= n_asks + track.n_scenes <= high:
        reason = (
            f"Phần {track.voice.name} có {n_asks + track.n_scenes} câu hỏi; nên có {low}-{high}."
        )
        yield Finding(first, reason)
    longest = sum(_right_is_longest(options) for _, options in track.asks)
    if n_asks >= 3 and longest > n_asks / 3:
        reason = f"Phần {track.voice.name}: đáp án đúng dài nhất ở {longest}/{n_asks} câu, dễ đoán."
        yield Finding(first, reason)
    places = Counter(_right_place(options) for _, options in track.asks)
    place, n_there = places.most_common(1)[0]
    if n_asks >= 3 and n_there > (n_asks + 1) // 2:
        reason = (
            f"Phần {track.voice.name}: đáp án đúng đứng thứ {place + 1} ở {n_there}/{n_asks} câu."
        )
        yield Finding(first, reason)
    yield from _repeats(track)


def _right_place(options: Sequence[Option]) -> int:
    return next(at for at, option in enumerate(options) if option.right)


def _right_is_longest(options: Sequence[Option]) -> bool:
    right = next(option for option in options if option.right)
    return all(len(right.text.vi) > len(each.text.vi) for each in options if each is not right)


def _repeats(track: _Track) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, options in track.asks:
        for at, option in enumerate(options):
            for key, text in (("text", option.text), ("because", option.because)):
                folded = f"{key} {bare(text.vi)}"
                if folded in seen:
                    yield Finding((*path, at, key), f"Câu này lặp lại câu ở trên: “{text.vi}”.")
                seen.add(folded)


def _unexplained(track: _Track) -> Iterator[Finding]:
    """For older beginners and the youngest: foreign words that come without their meaning."""
    if track.voice not in {RELATIVE, YOUNG}:
        return
    every = [(path, sentence) for path, text in track.texts for sentence in sentences(text)]
    for word in lists().said:
        used, explained = _explaining(word)
        using = [(path, sentence) for path, sentence in every if used.search(sentence)]
        if using and not any(explained.search(sentence) for _, sentence in using):
            yield Finding(using[0][0], f"Chữ “{word}” chưa được giải thích trong phần này.")


@cache
def _explaining(word: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds a word, and what finds it beside its meaning ("OTP, một mã dùng một lần")."""
    forms = {re.escape(word), re.escape(word[0].upper() + word[1:])}
    it = rf"\b(?:{'|'.join(sorted(forms))})\b"
    after = (
        rf"{it}[^.]{{0,30}}(?:\b(?:là|tức|nghĩa|để|giúp|cho)\b|\(|, (?:một|cái|dòng|ứng dụng)\b)"
    )
    before = rf"(?:\b(?:gọi|tên|tức|nghĩa|đó) là\b|\()[^.]{{0,25}}{it}"
    return re.compile(it), re.compile(f"{after}|{before}")


def _words(path: Path, text: str) -> Iterator[Finding]:
    reasons = (rule(text) for rule in (_foreign, _officialese, _addresses, _plain))
    return (Finding(path, reason) for found in reasons for reason in found)


def _foreign(text: str) -> Iterator[str]:
    """Foreign words; a quoted message, an address or a name in capitals is left alone."""
    own = QUOTED_RE.sub(" ", text)
    for name in lists().names:
        own = own.replace(name, " ")
    for word in re.findall(r"(?<![\w.-])[A-Z]?[a-z]+(?![\w.-]*\w)", own):
        better = lists().foreign.get(word.casefold())
        if better:
            yield f"Chữ tiếng nước ngoài “{word}”: hãy viết “{better}”."


def _officialese(text: str) -> Iterator[str]:
    for words in lists().officialese:
        if re.search(rf"\b{words}\b", text.casefold()):
            yield f"Nghe như công văn: “{words}”."


def _banned(text: str) -> Iterator[str]:
    """What must not be taught; a sentence that says it is no longer so may name it."""
    for sentence in sentences(text):
        for pattern, why in lists().banned:
            found = pattern.search(sentence)
            if found and not REFUTED_RE.search(sentence.casefold()):
                yield f"“{found[0]}”: {why}"


def _addresses(text: str) -> Iterator[str]:
    for address in ADDRESS_RE.findall(text.casefold()):
        if address not in lists().addresses:
            yield f"“{address}” là địa chỉ bấm được; hãy viết rời ra, hoặc bỏ."


def _plain(text: str) -> Iterator[str]:
    """Sentences whose diacritics were forgotten."""
    for sentence in sentences(text):
        letters = [word for word in WORD_RE.findall(sentence) if word.isalpha()]
        if len(letters) >= 5 and sentence.isascii() and "{" not in sentence:
            yield f"Câu này thiếu dấu: “{sentence}”."


def _forms(path: Path, text: str) -> Iterator[Finding]:
    """Whether the text reads well in every form of address."""
    if LATE_SMALL_RE.search(text):
        yield Finding(path, "Đầu câu hãy viết {You} hoặc {Me}.")
    if EARLY_LARGE_RE.search(text):
        yield Finding(path, "Giữa câu hãy viết {you} hoặc {me}.")
    if AS_READER_RE.search(QUOTED_RE.sub(" ", text)):
        yield Finding(path, "Gọi người đọc bằng {you}, đừng viết sẵn “em” hay “bạn”.")


def _parts(lesson: Lesson) -> Iterator[Finding]:
    """What every lesson brings along: a task, a script with questions, a line, words to find it."""
    if not any(isinstance(step, Try) for step in lesson.steps):
        yield Finding(("steps",), "Bài chưa có việc làm thử (try).")
    for path, step in _placed((), lesson.steps):
        if isinstance(step, Teach):
            n_steps = len(STEPS_RE.findall(step.teach.vi))
            if not 3 <= n_steps <= 5:
                reason = f"Lời dạy lại có {n_steps} bước đánh số; nên có 3-5."
                yield Finding((*path, "teach"), reason)
    if lesson.is_taught_on and "relative" in lesson.audience and not lesson.relative:
        yield Finding((), "Bài cho người thân nên có phần riêng (relative).")
    line: Text | None = lesson.remember
    if line is None or max(_lengths(line.vi), default=0) > 15:
        yield Finding(("remember",), "Cần một câu để nhớ (remember), nhiều nhất 15 tiếng.")
    if len(lesson.keywords) < 5:
        yield Finding((), "Bài nên có ít nhất 5 từ khóa (keywords) để tìm ra nó.")


def _near_review(lesson: Lesson, today: date) -> Iterator[Finding]:
    for at, fact in enumerate(lesson.facts):
        if today <= fact.review_by <= today + SOON:
            reason = f"Thông tin “{fact.id}” sắp đến hạn xem lại ({fact.review_by:%d/%m/%Y})."
            yield Finding(("facts", at, "review_by"), reason)
