"""How people are asked to take part: tokens from a list of people, letters, slips with codes to scan, mail, links.

The lower modules know nothing of a database: ``addresses``, ``tables``, ``people``, ``branches``, ``letters``,
``lists``, ``slips``, ``message``, ``bounces``. ``issuing``, ``reminding`` and ``sending`` do the work with one.
"""
