"""The catalogues hold every text of ours, in good English, and nothing else."""

import re
from io import BytesIO

import pytest

from content.language import catalogue, translate
from content.words import COMMANDS, Command, command
from tools.catalogues import LETTER_RE, ComposedTextError, read, template, vietnamese

FOUND = {message.id for message in template() if message.id}
NAME_RE = re.compile(r"\{(\w+)\}")
# English needs no form of address, and says "me" where a child says what their elder calls them.
LEFT_OUT = frozenset({"you", "me", "me_to"})
# Names, and the Vietnamese words that tell aunts and uncles apart.
VIETNAMESE_RE = re.compile(
    r"Lan Tỏa|[Tt]iếng Việt|\{title\} Tư|\((?:cô|dì|chú|bác|cậu|mợ|thím|dượng)\)"
)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_catalogue_holds_exactly_the_texts_of_the_code(lang):
    """Red after a change of texts? `make catalogues` brings both up to date and lists the rest."""
    known = read(lang)
    assert {message.id for message in known if message.id} == FOUND
    assert not known.obsolete


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_text_is_translated_and_none_in_doubt(lang):
    missing = [message.id for message in read(lang) if message.id and not message.string]
    assert not missing
    assert not [message.id for message in read(lang) if message.id and message.fuzzy]


def test_vietnamese_stands_as_the_code_says_it():
    assert [each.id for each in read("vi") if each.id and each.string != each.id] == []


def test_english_fills_in_what_vietnamese_does():
    for text, english in catalogue("en").items():
        ours, theirs = set(NAME_RE.findall(text)), set(NAME_RE.findall(english))
        assert theirs <= ours, text
        assert {name.lower() for name in ours} - LEFT_OUT == {n.lower() for n in theirs}, text


def test_english_is_english():
    for text, english in catalogue("en").items():
        assert not LETTER_RE.search(VIETNAMESE_RE.sub("", english)), english
        assert "  " not in english
        assert (english == english.strip()) == (text == text.strip())


def test_english_has_the_lines_and_quotes_of_the_vietnamese():
    for text, english in catalogue("en").items():
        assert text.count("\n• ") <= english.count("\n• ") <= text.count("\n• ") + 1, text
        assert '"' not in english
        assert english.count("“") == english.count("”")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_understood_by_its_english_label(name):
    label = translate(COMMANDS[name].label, "en")
    assert command(label) == Command(name)
    assert name == "tiengviet" or label.lower() in COMMANDS[name].english


@pytest.mark.parametrize("english", sorted({word for w in COMMANDS.values() for word in w.english}))
def test_every_english_word_means_one_command(english):
    assert [name for name, word in COMMANDS.items() if command(english) == Command(name)] == [
        name for name, word in COMMANDS.items() if english in word.english
    ]


def test_words_that_english_texts_tell_to_type_are_commands():
    told = r"type “([^”]+)”|, “([^”]+)” (?:to|if|when)|or type: ([^.]+)\."
    for english in catalogue("en").values():
        for found in re.findall(told, english):
            for word in "".join(found).split(" · "):
                assert command(word) or word == "gannhom", english


def test_what_is_nobodys_text_stays_as_it_is():
    assert translate("Nguyễn Thị Lan", "en") == "Nguyễn Thị Lan"
    assert translate("Để sau", "vi") == "Để sau"
    assert translate("Để sau", "en") == "Later"


CODE = '''
"""Lời đầu tệp."""
TEXTS = {"không lấy": "Lấy câu này"}
TITLE = {"vi": "Ôn bài", "en": "Review"}
"""Lời của một giá trị."""
WORDS = frozenset({"không"})
PATTERN = re.compile("không")


def say(name):
    """Lời của hàm."""
    word = Word("Nhãn", ("tên khác",))
    return turn.say(f"{turn.words('và')} {name}")
'''


def test_texts_are_told_from_docstrings_keys_patterns_and_words_to_compare():
    found = [text for _, _, text, _ in vietnamese(BytesIO(CODE.encode()))]
    assert found == ["Lấy câu này", "Nhãn", "và"]


def test_a_text_put_together_in_the_code_is_refused():
    with pytest.raises(ComposedTextError, match="line 1"):
        list(vietnamese(BytesIO('say(f"Chào {name} nhé")'.encode())))
