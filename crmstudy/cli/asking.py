"""A questionnaire made by questions and answers at the console, or from a script that types the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from crmstudy.cli.console import say, whisper
from crmstudy.errors import did_you_mean

if TYPE_CHECKING:
    from crmstudy.exchange.drafting.found import Found

USUAL = "agreement-5"


def ask_questionnaire(*, lang: str, id: str, responses: str, respondent: str) -> tuple[Found, str, str, str]:
    """Ask for everything a questionnaire needs; what the command line gave is not asked again.

    Returns
    -------
    Found, str, str, str
        The statements, and id, answer set and respondent.
    """
    from crmstudy.exchange.drafting.found import Found, Statement, numbers_in
    from crmstudy.instrument.library import shared_sets

    say("A questionnaire of your own. An empty answer ends a list; Ctrl-C stops without writing anything.")
    lang = lang or _asked("Language of the texts (en, fa, ru ...)", "en")
    title = _asked("Name of the questionnaire")
    id = id or _asked("Id (small letters, digits, -)", _proposed(title))
    found = Found("the answers given to crmstudy instruments new", lang, title={lang: title} if title else {})
    instructions = _asked("Instructions (may be empty)", "")
    if instructions:
        found.instructions = {lang: instructions}
    known = list(shared_sets())
    while not responses:
        say(f"Answer sets: {', '.join(known)}")
        responses = _asked("Answer set", USUAL)
        if responses not in known:
            whisper(f"There is no answer set '{responses}'.{did_you_mean(responses, known)}")
            responses = ""
    while True:
        scale = _asked(f"Name of {'a' if not found.statements else 'another'} scale (empty: no more)", "")
        if not scale:
            break
        first = len(found.statements)
        while True:
            text = _asked(f"  Item {len(found.statements) - first + 1} (empty: no more)", "")
            if not text:
                break
            found.statements.append(
                Statement({lang: text}, scale=scale, answers=responses, place=f"item {len(found.statements) + 1}")
            )
        count = len(found.statements) - first
        while count:
            said = _asked(f"  Reversed items of these {count}, such as 2, 4 (empty: none)", "")
            numbers = numbers_in(said)
            if said and (not numbers or max(numbers) > count or min(numbers) < 1):
                whisper(f"Wanted are numbers from 1 to {count}; found '{said}'.")
                continue
            for place, statement in enumerate(found.statements[first:], start=1):
                statement.reverse = place in numbers
                statement.mark = "as answered" if place in numbers else ""
            break
    return found, id, responses, respondent


def _asked(question: str, default: str | None = None) -> str:
    return str(typer.prompt(question, default=default, show_default=bool(default))).strip()


def _proposed(title: str) -> str:
    from crmstudy.exchange.questionnaires.names import slug

    return slug(title, "questionnaire")
