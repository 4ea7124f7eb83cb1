"""How a study is told: a record of what was done becomes one document, in HTML, Word, Markdown and CSV.

Nothing here estimates. ``compose`` turns a ``StudyRecord`` into a ``Document`` of typed values; ``render`` writes
it. Numbers become text only while rendering, in the style of the document.
"""
