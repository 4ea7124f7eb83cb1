"""Questionnaires on paper: HTML and PDF, and structure sheets of instruments that ship without text."""
