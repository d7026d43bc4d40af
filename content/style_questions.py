"""Questions as an editor looks at them: can the right answer be guessed, does anything repeat."""

from collections import Counter
from collections.abc import Iterator, Sequence

from content.checks import Finding
from content.dialogue import bare
from content.marked import Path
from content.parts import Option

Placed = tuple[Path, Sequence[Option]]  # the options of a question, with their place in the file


def guess_reasons(questions: Sequence[Sequence[Option]]) -> Iterator[str]:
    """Why the right answers of three questions or more could be guessed without reading.

    Questions without just one right answer are left out: they have a fault of their own.
    """
    sound = [each for each in questions if sum(option.right for option in each) == 1]
    n = len(sound)
    if n < 3:
        return
    longest = sum(map(_right_is_longest, sound))
    if longest > n / 3:
        yield f"đáp án đúng dài nhất ở {longest}/{n} câu, dễ đoán."
    place, n_there = Counter(map(_right_place, sound)).most_common(1)[0]
    if n_there > (n + 1) // 2:
        yield f"đáp án đúng đứng thứ {place + 1} ở {n_there}/{n} câu."


def repeats(questions: Sequence[Placed]) -> Iterator[Finding]:
    """Options and reasons that stand twice, case and diacritics aside."""
    seen: set[str] = set()
    for path, options in questions:
        for at, option in enumerate(options):
            for key, text in (("text", option.text), ("because", option.because)):
                folded = f"{key} {bare(text.vi)}"
                if folded in seen:
                    yield Finding((*path, at, key), f"Câu này lặp lại câu ở trên: “{text.vi}”.")
                seen.add(folded)


def _right_place(options: Sequence[Option]) -> int:
    return next(at for at, option in enumerate(options) if option.right)


def _right_is_longest(options: Sequence[Option]) -> bool:
    right = next(option for option in options if option.right)
    return all(len(right.text.vi) > len(each.text.vi) for each in options if each is not right)
