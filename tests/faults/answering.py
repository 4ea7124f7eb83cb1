"""A process that keeps answers as fast as it can, and says which are acknowledged: what is cut off and looked at after.

``python -m tests.faults.answering FOLDER N [--synchronous NORMAL] [--early]`` submits N questionnaires from several
threads, each begun with a token of its own and counted in a quota, and writes ``ack <submission>`` to standard output
as soon as the writer says it is kept. ``--early`` says so before it is: what a test of this promise must find.
"""

from __future__ import annotations

import argparse
import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from crmstudy.administration.store import engine, schema
from crmstudy.administration.store.respondents import Composed, Draft, Given, Response, begin, save_page, submit
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.writer import Work

ANSWERS = {f"Q{number}": number % 5 + 1 for number in range(60)}
LIMIT = 10**6


def compose(draft: Draft, pages: list[Given]) -> Composed:
    """The response of a draft: whatever its pages hold."""
    answers = {id: value for page in pages for id, value in page.answers.items()}
    made = Response(draft.sample, draft.wave, draft.language, True, draft.consent, answers)
    return Composed(made, [("all", LIMIT)])


def answer(store: Store, *, early: bool, said: threading.Lock) -> None:
    """One respondent: token, consent, two pages, submission, acknowledgement."""
    token, draft, submission = (secrets.token_hex(32) for _ in range(3))

    def invited(work: Work) -> None:
        work.connection.execute(schema.token.insert(), {"digest": token, "sample": "staff", "serial": token[:12]})

    store.do_now(invited)
    store.do_now(lambda work: begin(work, Draft(draft, "staff", "", "en", 1, 1, "2026-11-26", token=token)))
    store.do_now(lambda work: save_page(work, draft, Given(1, ANSWERS)))
    kept = store.writer.submit(lambda work: submit(work, draft, submission, Given(2, {"Z": 1}), compose))
    if not early:
        kept.result()
    with said:
        os.write(1, f"ack {submission}\n".encode())
    kept.result()


def main() -> None:
    """Answer until all is done, or somebody cuts it off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("n", type=int)
    parser.add_argument("--synchronous", default="FULL")
    parser.add_argument("--early", action="store_true")
    parser.add_argument("--threads", type=int, default=6)
    asked = parser.parse_args()
    engine.PRAGMAS = tuple(
        (name, asked.synchronous if name == "synchronous" else value) for name, value in engine.PRAGMAS
    )
    said = threading.Lock()
    with Store.open(asked.folder) as store, ThreadPoolExecutor(asked.threads) as threads:
        for done in [threads.submit(answer, store, early=asked.early, said=said) for _ in range(asked.n)]:
            done.result()


if __name__ == "__main__":
    main()
