"""Questionnaires of other tools: instruments written for them, and instruments read from what they write.

Every reader gives what a file shows (:mod:`~crmstudy.exchange.questionnaires.seen`). A file that we wrote carries its
instrument along (:mod:`~crmstudy.exchange.questionnaires.carrying`); what somebody changed in it since is found by
comparing it with what it would show unchanged, and is taken over
(:mod:`~crmstudy.exchange.questionnaires.reconciling`). Any other file is drafted
(:mod:`~crmstudy.exchange.questionnaires.foreign`). The formats are listed in
:mod:`~crmstudy.exchange.questionnaires.formats`.
"""
