"""What is decided about one respondent: what is asked next, what was answered, what is handed over.

Pure functions of what is declared and what was answered: no file, no database, no clock, no request.
"""
