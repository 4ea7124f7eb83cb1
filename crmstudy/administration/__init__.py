"""How a study is asked: what is declared, who is invited, the pages, the server, and what is kept of the answers.

This wing needs no scientific stack and knows nothing of the analysis: what it collects leaves it as a hand-over folder.
"""
