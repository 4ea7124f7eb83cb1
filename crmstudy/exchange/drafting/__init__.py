"""Sheets and documents that people fill in or bring: published wording, translations, questionnaires to be drafted.

Files are taken apart in the child process (``cells``, ``blocks``, ``dictionary``); what they say is read from plain
values (``wording_files``, ``translation_sheets``, ``sheets``, ``documents``, ``data_files``), and every decision about
it is a sentence in a list. ``drafting`` makes an instrument of it.
"""
