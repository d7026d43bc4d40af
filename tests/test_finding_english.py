"""Searching in English: help cards and the lessons that are written in it too."""

from datetime import date

import pytest

from content.loader import load

LIBRARY = load([], date(2026, 11, 21))
SOUGHT = {
    "my zalo was hacked": "mat-tai-khoan",
    "My Facebook is stolen!": "mat-tai-khoan",
    "someone asks for the otp": "an-toan/ma-otp",
    "i read my code to a stranger": "lo-doc-otp",
    "fake police video call": "an-toan/cong-an-gia",
    "somebody pretends to be the bank": "an-toan/gia-danh",
    "how do i make a strong password": "an-toan/mat-khau",
    "bullying at school": "an-toan/bat-nat",
    "i am being bullied": "bi-bat-nat",
    "i sent money to the wrong person": "chuyen-nham",
    "i lost my phone": "mat-dien-thoai",
    "strange call from the police": "cuoc-goi-la",
    "easy job online": "an-toan/viec-nhe",
    "deepfake video of my uncle asking for money": "an-toan/mat-gia",
    "i forgot my pasword": "quen-mat-khau",
    "received money from a stranger": "nhan-tien-la",
    "someone threatens to post my photos": "bi-doa",
    "online kidnapping": "an-toan/bat-coc-online",
    "is this message real or fake": "an-toan/ma-otp",
    "installed a fake app": "app-gia",
    "I clicked on a link": "lo-bam-link",
    "what to do after a scam": "an-toan/lo-bi-lua",
    "scanning a qr code": "thanh-toan/quet-vietqr",
    "how can i get my stolen account back": "an-toan/bi-chiem-nick",
}
NOTHING = ["thank you", "i want to go to the toilet", "good morning teacher", "what is your name"]


@pytest.mark.parametrize("text", SOUGHT)
def test_what_is_sought_is_among_the_best_three(text):
    assert SOUGHT[text] in [each.id for each in LIBRARY.index.find(text)]


@pytest.mark.parametrize("text", NOTHING)
def test_other_talk_finds_nothing(text):
    assert LIBRARY.index.find(text) == []
