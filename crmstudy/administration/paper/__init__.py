"""Questionnaires on paper: numbered sheets, typed in twice by two people who do not see each other's work, and settled.

Of a sheet only the number is known. When what it says is settled it becomes a response like any other, under a random
id; no number stands there.
"""
