"""What the lesson engine itself says, in one table; {you} and {me} are filled by the caller."""

from collections.abc import Mapping

from content.language import translate

# Several wordings take turns by the number of questions behind the reader, never by chance. Older
# beginners ("relative") get a plainer, more polite wording; pupils and staff share the other.
PUPIL: dict[str, tuple[str, ...]] = {
    "open": ("{title}\nKhoảng {minutes} phút. {goal}",),
    "teach_first": ("Học xong, {you} sẽ dạy lại bài này cho một người thân nhé.",),
    "right": ("Đúng rồi!", "Chính xác!", "Đúng rồi, {you} giỏi lắm!"),
    "wrong": ("Chưa đúng.", "Chưa phải.", "Chưa đúng đâu nhé."),
    "again": ("{You} thử lại một lần nữa nhé.", "{You} chọn lại nhé."),
    "answer": ("Đáp án đúng là “{answer}”.",),
    "right_gentle": ("Phải đó.", "Đúng vậy."),
    "wrong_gentle": ("Mình cùng nghĩ thêm nhé.",),
    "answer_gentle": ("Cách nên làm là “{answer}”.",),
    "next": ("Tiếp tục",),
    "done_yet": ("{You} làm được chưa?",),
    "done": ("Làm được rồi",),
    "later": ("Để sau",),
    "could-not": ("Chưa làm được",),
    "did": ("Tuyệt vời!", "{You} làm tốt lắm!"),
    "did_later": ("Được, khi nào rảnh {you} làm nhé.",),
    "did_not": ("Không sao. {You} nhờ bạn hoặc thầy cô chỉ giúp rồi thử lại nhé.",),
    "unclear": ("{Me} chưa hiểu câu này. {You} chọn một câu bên dưới, gõ số cũng được nhé.",),
    "unclear_example": ("{Me} vẫn chưa hiểu. {You} gõ số thứ tự của câu trả lời nhé, ví dụ: 1",),
    "changed": ("Bài này vừa được sửa lại. Mình học tiếp từ đây nhé.",),
    "restart": ("Bài này vừa được viết lại. Mình học lại từ đầu nhé.",),
    "checking": ("(Thông tin này đang được kiểm tra lại.)",),
    "finished": ("{You} học xong bài rồi! Đúng ngay lần đầu: {right}/{total} câu.",),
    "finished_plain": ("{You} học xong bài rồi!",),
    "remember": ("Câu cần nhớ: {line}",),
    "script": ("Cách dạy lại cho người thân:\n{script}",),
    "over": ("{You} đã học xong bài này rồi.",),
    "scene_sms": ("Có tin nhắn SMS từ: {sender}\n“{text}”\nTin này thật hay giả?",),
    "scene_chat": ("Có tin nhắn trên mạng từ: {sender}\n“{text}”\nTin này thật hay giả?",),
    "scene_call": ("Có cuộc gọi từ: {sender}\n“{text}”\nCuộc gọi này thật hay giả?",),
    "scene_video": ("Có cuộc gọi video từ: {sender}\n“{text}”\nCuộc gọi này thật hay giả?",),
    "scene_email": ("Có email từ: {sender}\n“{text}”\nEmail này thật hay giả?",),
    "scene_web": ("Một trang web: {sender}\n“{text}”\nTrang này thật hay giả?",),
    "scene_app": ("Một thông báo trong máy: {sender}\n“{text}”\nThông báo này thật hay giả?",),
    "scene_paper": ("Một tờ giấy: {sender}\n“{text}”\nTờ giấy này thật hay giả?",),
    "scene_social": ("Một bài đăng trên mạng: {sender}\n“{text}”\nBài này thật hay giả?",),
    "genuine": ("Thật",),
    "fake": ("Giả",),
    "scene_fake_right": ("Tinh mắt lắm, đây là đồ giả!", "Đúng, cái này là giả!"),
    "scene_fake_wrong": ("Cái này là giả đấy. Kẻ lừa làm giống thật lắm.",),
    "scene_genuine_right": ("Đúng, cái này là thật.", "Tinh mắt lắm, cái này là thật!"),
    "scene_genuine_wrong": (
        "Cái này là thật đấy. Cẩn thận là tốt, nhưng không phải tin nào cũng lừa.",
    ),
    "scene_act": ("Vậy {you} làm gì?",),
    "scene_act_fake": ("Gặp thế này, {you} làm gì?",),
    "scene_signs": ("Vì sao biết là thật:\n{signs}",),
    "scene_signs_fake": ("Nhìn vào đâu thì biết là giả:\n{signs}",),
    "check_open": ("Bây giờ là phần của người thân. Có {total} câu hỏi ngắn ạ.",),
    "checked": ("Dạ xong rồi ạ. {You} trả lời đúng {right}/{total} câu. Cảm ơn {you} ạ.",),
    "checked_plain": ("Dạ xong rồi ạ. {Me} cảm ơn {you} đã trả lời ạ.",),
    "check_over": ("Dạ, phần hỏi này đã xong rồi ạ.",),
}

RELATIVE: dict[str, tuple[str, ...]] = PUPIL | {
    "open": ("{title}\nBài này khoảng {minutes} phút ạ. {goal}",),
    "right": ("Dạ đúng rồi ạ!", "Dạ, {you} trả lời đúng ạ!", "Dạ chính xác ạ!"),
    "wrong": ("Dạ chưa phải ạ.", "Dạ câu này chưa đúng ạ."),
    "again": ("{Me} mời {you} thử lại một lần nữa ạ.", "{You} cứ thong thả chọn lại ạ."),
    "answer": ("Câu đúng là “{answer}” ạ.",),
    "right_gentle": ("Dạ phải ạ.", "Dạ đúng vậy ạ."),
    "wrong_gentle": ("Dạ, mình cùng nghĩ thêm ạ.",),
    "answer_gentle": ("Cách nên làm là “{answer}” ạ.",),
    "done_yet": ("{You} làm được chưa ạ?",),
    "did": ("Dạ, {you} làm tốt quá ạ!",),
    "did_later": ("Dạ vâng, lúc nào rảnh {you} làm cũng được ạ.",),
    "did_not": ("Dạ không sao ạ. {You} nhờ con cháu ngồi cạnh làm cùng nhé ạ.",),
    "unclear": ("Dạ, {me} chưa hiểu ạ. {You} chọn một câu bên dưới, gõ số cũng được ạ.",),
    "unclear_example": (
        "Dạ, {me} vẫn chưa hiểu ạ. {You} gõ số thứ tự của câu trả lời giúp {me} ạ, ví dụ: 1",
    ),
    "changed": ("Dạ, bài này vừa được sửa lại. Mời {you} học tiếp từ đây ạ.",),
    "restart": ("Dạ, bài này vừa được viết lại. Mời {you} học lại từ đầu ạ.",),
    "finished": ("Dạ, {you} học xong bài rồi ạ! {You} đúng ngay lần đầu {right}/{total} câu.",),
    "finished_plain": ("Dạ, {you} học xong bài rồi ạ!",),
    "remember": ("{You} chỉ cần nhớ một câu: {line}",),
    "over": ("Dạ, bài này {you} đã học xong rồi ạ.",),
    "scene_fake_right": ("Dạ {you} tinh mắt lắm ạ, đây là đồ giả!", "Dạ đúng ạ, cái này là giả!"),
    "scene_fake_wrong": ("Dạ, cái này là giả ạ. Kẻ lừa làm giống thật lắm.",),
    "scene_genuine_right": ("Dạ đúng ạ, cái này là thật.", "Dạ {you} tinh mắt lắm ạ, là thật đấy!"),
    "scene_genuine_wrong": (
        "Dạ, cái này là thật ạ. Cẩn thận thế là tốt, nhưng tin này không lừa.",
    ),
    "scene_act": ("Vậy {you} làm gì ạ?",),
    "scene_act_fake": ("Gặp thế này, {you} làm gì ạ?",),
}

# Typed instead of tapping, compared bare; only where they cannot mean two things.
GO_ON = frozenset(
    {"ok", "oke", "okay", "vang", "da", "u", "uh", "tiep", "roi", "duoc", "xong", "yes"}
)
DONE = frozenset(
    {"xong", "xong roi", "roi", "lam roi", "da lam", "da lam roi", "lam xong", "lam xong roi"}
    | {"duoc", "duoc roi", "lam duoc", "lam duoc roi", "tap roi", "noi roi", "co", "done"}
)
LATER = frozenset(
    {"sau", "lat", "lat nua", "ti nua", "chut nua", "mai", "mai lam", "hom khac", "de mai"}
    | {"dang ban", "ban qua", "thoi", "thoi de sau", "thoi de mai", "met", "met qua", "later"}
)
GENUINE = frozenset(
    {"that", "that a", "tin that", "la that", "chac that", "that chu", "real", "genuine"}
    | {"that ma", "that roi", "thiet", "la thiet", "tin nay that", "tin nay la that", "khong lua"}
)
FAKE = frozenset(
    {"gia", "gia a", "tin gia", "la gia", "chac gia", "gia mao", "lua", "lua dao", "la lua dao"}
    | {"tin lua dao", "bon lua dao", "khong that", "fake"}
    | {"gia roi", "dung la gia", "xao", "ke lua dao", "do gia", "khong phai that"}
    | {"tin nay gia", "tin nay la gia", "cai nay gia", "cai nay la gia", "tin nay lua dao"}
)
COULD_NOT = frozenset(
    {"chua", "khong", "khong duoc", "chua duoc", "khong lam duoc", "chua lam", "kho qua", "kho"}
    | {"khong biet lam", "lam khong duoc"}
)


def phrase(key: str, track: str, lang: str, turn: int, values: Mapping[str, object]) -> str:
    """One of the engine's sentences, with its own values in and {you}, {me} left for the caller.

    Args:
        key: a key of the tables above; other languages have their wordings in the catalogues.
        track: "pupil", "young", "relative" or "check" (the relative's questions, worded alike).
        lang: the reader's language, "vi" or "en".
        turn: picks among several wordings; any whole number.
        values: for {title}, {right} and the like; never searched for placeholders again.
    """
    wordings = (PUPIL if track in {"pupil", "young"} else RELATIVE)[key]
    pieces = translate(wordings[turn % len(wordings)], lang).split("{")
    return pieces[0] + "".join(_put(piece, values) for piece in pieces[1:])


def _put(piece: str, values: Mapping[str, object]) -> str:
    name, _, rest = piece.partition("}")
    return f"{values[name]}{rest}" if name in values else f"{{{name}}}{rest}"
