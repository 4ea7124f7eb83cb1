"""Every page that respondents can meet, drawn in a language: for the eye, for axe-core and for the tests."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path

from crmstudy.administration.fieldwork import Consent, Fieldwork, Kiosk, Retention, Sample, Unit, Wave
from crmstudy.administration.server.rendering import Frame, Renderer
from crmstudy.administration.session.answers import read_page
from crmstudy.administration.session.feedback import OwnScore
from crmstudy.instrument import load_instrument
from crmstudy.instrument.drafts import draft
from crmstudy.instrument.forms import pages
from crmstudy.instrument.model import Item, Question, ResponseFormat, Scale

TAGS = ("en", "fa", "ru")
SECRET = "7K3QX9TBMW2R5VHNC8ZD4FPG6J"
CHANNELS = ResponseFormat("channels", 1, 4, {
    1: {"en": "Branch", "fa": "شعبه", "ru": "Отделение"},
    2: {"en": "Telephone", "fa": "تلفن", "ru": "Телефон"},
    3: {"en": "Mobile app", "fa": "برنامک همراه", "ru": "Мобильное приложение"},
    4: {"en": "Website", "fa": "وب‌سایت", "ru": "Сайт"},
}, measure="nominal")  # fmt: skip
LINE = ResponseFormat("line", 0, 100, {
    0: {"en": "Not at all helpful", "fa": "اصلاً مفید نیست", "ru": "Совсем не помогает"},
    100: {"en": "Extremely helpful", "fa": "بسیار مفید است", "ru": "Очень помогает"},
}, (-8,), missing_labels={-8: {"en": "Does not apply", "fa": "مصداق ندارد", "ru": "Не относится ко мне"}})  # fmt: skip
NINE = ResponseFormat("likely", 0, 10, {
    0: {"en": "Very unlikely", "fa": "بسیار بعید", "ru": "Очень маловероятно"},
    10: {"en": "Very likely", "fa": "بسیار محتمل", "ru": "Весьма вероятно"},
})  # fmt: skip
PROVINCES = ResponseFormat("provinces", 1, 16, {n: dict.fromkeys(TAGS, f"Region {n}") for n in range(1, 17)},
                           measure="nominal")  # fmt: skip
TEXTS = {
    "note": ("The next questions are about the customer system you use at work.",
             "پرسش‌های بعدی دربارهٔ سامانهٔ مشتریانی است که در کار از آن استفاده می‌کنید.",
             "Следующие вопросы касаются системы для работы с клиентами, которой Вы пользуетесь."),
    "help": ("How helpful is the system (CRM 360) in your daily work?",
             "سامانه (CRM 360) در کار روزانه تا چه اندازه برایتان مفید است؟",
             "Насколько система (CRM 360) помогает Вам в повседневной работе?"),
    "likely1": ("How likely is it that you would recommend our bank as a place to work?",
                "چقدر احتمال دارد بانک ما را به‌عنوان محل کار به دیگران پیشنهاد کنید؟",
                "Насколько вероятно, что Вы порекомендуете наш банк как место работы?"),
    "likely2": ("How likely is it that you will still work here in two years?",
                "چقدر احتمال دارد دو سال دیگر هم در این‌جا کار کنید؟",
                "Насколько вероятно, что через два года Вы всё ещё будете работать здесь?"),
    "ways": ("Through which channels do you serve customers?", "از چه راه‌هایی به مشتریان خدمت می‌دهید؟",
             "По каким каналам Вы обслуживаете клиентов?"),
    "order": ("Which channels matter most to your customers?", "کدام راه‌ها برای مشتریان شما مهم‌تر است؟",
              "Какие каналы важнее всего для Ваших клиентов?"),
    "years": ("For how many years have you worked at the bank?", "چند سال است که در بانک کار می‌کنید؟",
              "Сколько лет Вы работаете в банке?"),
    "share": ("What share of your time (in %) do you spend with customers?",
              "چند درصد از وقت خود را با مشتریان می‌گذرانید؟", "Какую долю времени (в %) Вы проводите с клиентами?"),
    "since": ("Since when have you worked in this branch?", "از چه تاریخی در این شعبه کار می‌کنید؟",
              "С какого дня Вы работаете в этом отделении?"),
    "where": ("In which region do you work?", "در کدام منطقه کار می‌کنید؟", "В каком регионе Вы работаете?"),
    "post": ("What is your position?", "سمت شما چیست؟", "Какую должность Вы занимаете?"),
    "more": ("Is there anything else you would like to tell us?", "آیا نکتهٔ دیگری هست که بخواهید بگویید؟",
             "Хотите ли Вы что-нибудь добавить?"),
}  # fmt: skip
NOTICE = {
    "controller": ("Example Bank, 12 Market Street, Example City", "بانک نمونه، تهران، خیابان نمونه، پلاک ۱۲",
                   "Банк «Пример», г. Примерск, ул. Рыночная, д. 12"),
    "contact": ("survey@bank.example, +44 20 7946 0000", "survey@bank.example، تلفن ‎021-5555 0100",
                "survey@bank.example, +7 495 555-01-00"),
    "purpose": ("We want to know how the new customer system has changed your work, and what would make it better.\n\n"
                "The results are used to plan training and to improve the system.",
                "می‌خواهیم بدانیم سامانهٔ تازهٔ مشتریان کار شما را چگونه تغییر داده است و چه چیزی آن را بهتر می‌کند.\n\n"
                "از نتایج برای برنامه‌ریزی آموزش و بهبود سامانه استفاده می‌شود.",
                "Мы хотим узнать, как новая система работы с клиентами изменила Вашу работу и что её улучшит.\n\n"
                "Результаты нужны для планирования обучения и улучшения системы."),
    "legal_basis": ("Your consent", "رضایت شما", "Ваше согласие"),
    "recipients": ("The research team of the example university", "گروه پژوهش دانشگاه نمونه",
                   "Исследовательская группа Примерского университета"),
    "ethics": ("Approved by the ethics committee on 3 March 2026, no. 2026/14",
               "تأیید کمیتهٔ اخلاق در تاریخ ۱۲ اسفند ۱۴۰۴، شمارهٔ ۱۴/۲۰۲۶",
               "Одобрено этическим комитетом 3 марта 2026 г., № 2026/14"),
}  # fmt: skip
CONSENT = ("I have read the information above and had the chance to ask questions.",
           "توضیحات بالا را خوانده‌ام و فرصت پرسیدن داشته‌ام.",
           "Сведения выше мне понятны, и у меня была возможность задать вопросы.")  # fmt: skip


def said(words):
    return dict(zip(TAGS, words, strict=True))


def every_kind():
    """An instrument with every kind of question."""
    nine = [Item(id, 2 + n, NINE, wording=said(TEXTS[id])) for n, id in enumerate(("likely1", "likely2"))]
    items = [Item("help", 1, LINE, wording=said(TEXTS["help"]), slider=True), *nine]
    items.append(Item("where", 9, PROVINCES, wording=said(TEXTS["where"]), unscored=True))
    asked = [("note", "info", 0, {}), ("ways", "multi", 5, {"response": CHANNELS}),
             ("order", "rank", 6, {"response": CHANNELS}),
             ("years", "integer", 7, {"low": 0, "high": 60, "required": "hard"}),
             ("share", "decimal", 8, {"low": 0, "high": 100}), ("since", "date", 10, {}), ("post", "text", 11, {}),
             ("more", "longtext", 12, {"required": "no"})]  # fmt: skip
    questions = [Question(id, order, kind, wording=said(TEXTS[id]), **more) for id, kind, order, more in asked]
    scales = [Scale("likely", dict.fromkeys(TAGS, "likely"), tuple(nine), "mean", 1)]
    return draft("kinds", name=dict.fromkeys(TAGS, "kinds"), items=items, questions=questions, scales=scales,
                 languages=TAGS)  # fmt: skip


def study(mode="anonymous", **more):
    """A study of staff with tokens, and of customers with an open link."""
    staff = Sample("staff", "staff", (load_instrument("qwl-walton"), every_kind()), entry="token",
                   waves=(Wave("", dt.date(2026, 11, 1), dt.date(2026, 12, 20)),), rows=8)  # fmt: skip
    customers = Sample("customers", "customer", (load_instrument("ecsi"),), kiosk=Kiosk())
    title = said(("Working with customers 2026: a survey of the staff of Example Bank",
                  "کار با مشتریان ۱۴۰۵: نظرسنجی از کارکنان بانک نمونه",
                  "Работа с клиентами — 2026: опрос сотрудников банка «Пример»"))  # fmt: skip
    held = {
        "notice": {key: said(words) for key, words in NOTICE.items()}, "k": 5,
        "consent": Consent(2, said(CONSENT), (said(("I take part of my own free will.", "با میل خود شرکت می‌کنم.",
                                                     "Я участвую добровольно.")),)),
        "retention": Retention(dt.date(2031, 12, 31), dt.date(2027, 6, 30) if mode == "confidential" else None, 30),
        "units": {"b1": Unit("b1", dict.fromkeys(TAGS, "B1"), "branch")}, **more,
    }  # fmt: skip
    return Fieldwork(Path("."), title, TAGS, {"staff": staff, "customers": customers}, mode=mode, **held)


@lru_cache(maxsize=len(TAGS))
def gallery(lang):
    """Name -> HTML of every page in a language."""
    held = study()
    draw = Renderer(held)
    frame = Frame(lang, "csrf", "staff", "/s/staff", languages=TAGS)
    kiosk = Frame(lang, "csrf", "customers", "/s/customers", kiosk=True, languages=TAGS)
    wave = held.samples["staff"].waves[0]
    shown = {
        "welcome": draw.welcome(Frame(lang, languages=TAGS), [("staff", "/s/staff"), ("customers", "/s/customers")]),
        "start": draw.start(frame, draft=SECRET, wave=wave, since=dt.date(2026, 11, 1)),
        "start-faults": draw.start(frame, draft=SECRET, wave=wave, faults=(1,)),
        "start-resumable": draw.start(frame, draft=SECRET, wave=wave, resumable=True),
        "start-kiosk": draw.start(kiosk, draft=SECRET),
        "start-trial": Renderer(study("", k=0, notice={})).start(
            Frame(lang, "csrf", "staff", "/s/staff", trial=True, languages=TAGS), draft=SECRET
        ),
        "start-confidential": Renderer(study("confidential")).start(frame, draft=SECRET, wave=wave),
        "start-identified": Renderer(study("identified")).start(frame, draft=SECRET, wave=wave),
        "submitted": draw.done(frame, "submitted", receipt=SECRET, scores=[
            OwnScore("a", {"en": "Pay", "fa": "حقوق و مزایا", "ru": "Оплата труда"}[lang], "", 3.75, 1, 5, 4, 4, 2),
            OwnScore("b", {"en": "Growth", "fa": "رشد", "ru": "Развитие"}[lang], "", None, 1, 5, 1, 4, 2)]),
        "saved": draw.saved(frame, code=SECRET, token=True),
        "kiosk-done": draw.done(kiosk, "submitted"),
        "resume": draw.resume(frame), "resume-fault": draw.resume(frame, "code"),
        "withdraw": draw.withdraw(frame), "withdraw-over": draw.withdraw(frame, over=True),
        "needed": draw.needed(frame, "code.short"),
        "privacy": draw.privacy(frame, since=dt.date(2026, 11, 1)),
        "code": draw.code(frame, ("mother", "town", "day", "older"), values={"day": "7"}, faults=("town",)),
    }  # fmt: skip
    shown |= {kind: draw.done(frame, kind) for kind in ("declined", "already", "withdrawn", "full", "closed")}
    for key in ("missing", "forbidden", "cookie", "unavailable", "wrong", "large", "token", "closed_draft"):
        shown[f"message-{key}"] = draw.message(frame, key)
    shown["message-busy"] = draw.message(frame, "busy", n=5)
    made = pages(held.samples["staff"].instruments, lang, rows=8)
    for n, page in enumerate(made, start=1):
        last = n == len(made)
        shown[f"page-{n:02}"] = draw.page(
            frame, page, number=n, of=len(made), back=n > 1, submission=SECRET if last else None, refusal=True,
            resume_code=SECRET,
        )  # fmt: skip
    first = made[0].fields
    filled = {f"q.{one.id}": [str(1 + n % 5)] for n, one in enumerate(first[2:])}
    shown["page-soft"] = draw.page(frame, made[0], number=1, of=9, values=filled, refusal=True, back=False,
                                   soft=[one.id for one in first[:2]], seen=[one.id for one in first[:2]])  # fmt: skip
    shown["page-unavailable"] = draw.page(frame, made[0], number=1, of=9, values=filled, refusal=True, unavailable=True)
    posted = {"q.years": ["۹۹"], "q.share": ["abc"], "q.since.y": ["1405"], "q.since.m": ["8"], "q.ways": ["1", "3"],
              "q.order.1": ["2"], "q.order.2": ["2"], "q.likely1": ["7"], "q.help": ["40"],
              "q.likely2": ["refuse"]}  # fmt: skip
    for n, page in enumerate(made, start=1):
        if page.instrument == "kinds":
            read = read_page(page, posted, lang, refusal=True)
            faults = {**{id: ("left_out", {}) for id in read.hard}, **read.faults}
            faults.pop("", None)
            shown[f"page-{n:02}-posted"] = draw.page(
                frame, page, number=n, of=len(made), values=posted, faults=faults, refusal=True, back=True
            )
    return shown
