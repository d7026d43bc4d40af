"""The one table from names to handlers: commands, open questions, schedules."""

from collections.abc import Callable, Mapping

from handlers import (
    budget_alarm,
    confirm,
    groups,
    guidance,
    invitation,
    joining,
    kept,
    kept_check,
    language,
    lesson,
    menu,
    myself,
    privacy,
    relatives,
    reminders,
    review,
    speakers,
    tally,
    teacher,
    unfinished,
)
from handlers.due import Fired
from handlers.turn import Turn

Handler = Callable[[Turn], None]

COMMANDS: Mapping[str, Handler] = {
    "batdau": joining.start,
    "hoc": lesson.choose,
    "onbai": review.show,
    "huongdan": guidance.begin,
    "nguoithan": relatives.show,
    "toi": myself.show,
    "lop": teacher.show,
    "tongket": tally.show,
    "nhacnho": reminders.show,
    "dung": reminders.stop,
    "tieptuc": reminders.resume,
    "dulieu": privacy.show,
    "doinguoi": speakers.show,
    "trogiup": menu.help_,
    "menu": menu.show,
    "ngonngu": language.show,
    "english": language.to_english,
    "tiengviet": language.to_vietnamese,
    "gannhom": groups.bind,
    "huygan": groups.unbind,
}

ROUTES: Mapping[str, Handler] = {
    "menu": menu.show,
    **joining.ROUTES,
    **language.ROUTES,
    **lesson.ROUTES,
    **guidance.ROUTES,
    **confirm.ROUTES,
    **kept_check.ROUTES,
    **relatives.ROUTES,
    **speakers.ROUTES,
    **privacy.ROUTES,
    **teacher.ROUTES,
    **tally.ROUTES,
    **reminders.ROUTES,
    **review.ROUTES,
    **unfinished.ROUTES,
}

FIRED: Mapping[str, Fired] = {
    **joining.FIRED,
    **confirm.FIRED,
    **kept.FIRED,
    **tally.FIRED,
    **groups.FIRED,
    **reminders.FIRED,
    **invitation.FIRED,
    **unfinished.FIRED,
    **budget_alarm.FIRED,
}
