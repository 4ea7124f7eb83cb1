"""The hand-over folder: answers as the wing that asks gives them to the wing that analyses. Standard library only.

This page is the specification of version 1. A hand-over is a folder with three files of JSON (RFC 8259: UTF-8 without a
mark, no key twice, no NaN). Keys that are not named here are refused, so that nothing travels unnoticed.

``handover.json`` says what the folder holds:

=====================  ============================================================================================
``crmstudy_handover``  1
``mode``               ``anonymous``, ``confidential`` or ``identified``, as the consent text says
``created``            the day (2026-11-26); anonymous: the month (2026-11)
``k``                  size of the smallest group of which figures may be shown: 3 or more, anonymous: 5 or more
``linking``            how records of one person belong together: ``none``, ``self-made-code`` or ``key-file`` (a file
                       kept elsewhere; not anonymous)
``records``            number of records
``instruments``        list of ``{id, version, fingerprint}``, in the order in which they were asked
``attributes``         names that the attributes of records may have (a list, may be empty)
``files``              ``{name: {sha256, bytes}}`` of the two other files
``study``              id of the study (may be absent)
=====================  ============================================================================================

``instrument.json`` is ``{"crmstudy_instruments": 1, "instruments": [...]}`` with every instrument whole, as
:func:`crmstudy.instrument.writing.to_mapping` gives it with shared answer sets written out. The fingerprint of each
must be the one in ``handover.json``.

``records.ndjson`` has one record a line, each ended by a line feed, in ascending order of ``record``. As the ids are
random, so is the order, and nothing is learnt from the place of a line:

==============  ===================================================================================================
``record``      32 hexadecimal digits, random, of no use elsewhere
``language``    the language the questionnaire was shown in, one of the instruments'
``answers``     ``{item: number or null}`` with every closed item of every instrument: an answer of its response set,
                one of its missing codes, or null
``reasons``     ``{item: reason}`` for nulls: ``not-shown`` (by logic), ``not-reached`` (broke off before), ``refused``;
                on paper ``illegible`` and ``two-ticks``; a null without a reason was seen and left out (may be absent)
``open``        ``{question: answer}`` of the open questions that were answered: a text, a number, a date (ISO), the
                list of the values chosen (``multi``), or the list of the values in their order, first place first
                (``rank``: as many as it gives places, or one missing code alone); null is no answer (may be absent)
``wave``        (may be absent)
``unit``        branch, region ... (may be absent)
``person``      the pseudonym that links waves (only where ``linking`` is not ``none``)
``attributes``  ``{name: text, number or null}``, only names that ``handover.json`` lists (may be absent)
``paradata``    see below (may be absent)
==============  ===================================================================================================

Paradata of all modes: ``complete`` (true or false), ``device`` (``phone``, ``tablet``, ``computer``), ``duration``
(minutes, one of :data:`~crmstudy.handover.records.DURATIONS`). Not in anonymous hand-overs: ``started`` and
``submitted`` (UTC, 2026-11-26T10:05Z), ``seconds``, ``page_seconds`` (list), ``order`` (ids of items, questions and
texts as they were shown), ``visits``.

In a table of answers a reason becomes a missing code: see :data:`~crmstudy.handover.records.REASONS`.
"""

from crmstudy.handover.folder import Handover, read_handover, write_handover
from crmstudy.handover.head import Head
from crmstudy.handover.records import DEVICES, DURATIONS, REASONS, new_record_id

__all__ = [
    "DEVICES",
    "DURATIONS",
    "REASONS",
    "Handover",
    "Head",
    "new_record_id",
    "read_handover",
    "write_handover",
]
