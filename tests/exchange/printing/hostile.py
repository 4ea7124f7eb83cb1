"""An instrument whose texts try to be markup of a page, of a style sheet and of typst."""

from __future__ import annotations

HOSTILE = """
crmstudy_instrument: 1
id: hostile
version: "1"
name: {en: "<b>Name</b> & #x"}
respondent: staff
wording: paraphrase
rights:
  {holder: "</style><script>x</script>", status: unknown, statement: "$x$ @ref #panic(1) `a` *b*", unverified: true}
provenance:
  structure: {unverified: true}
  content: {unverified: true}
  responses: {unverified: true}
  reversed: {unverified: true}
  scoring: {unverified: true}
languages: {en: {direction: ltr, status: draft}}
instructions: {en: "</p><script>alert(1)</script>{{ 7*7 }} {% raw %} #panic(1) $"}
responses:
  a: {low: 1, high: 5, labels: {1: {en: "<i>no"}, 5: {en: "\\"yes' #x"}}, missing_codes: {-9: {en: "No <answer>"}}}
  b: {low: 1, high: 3, labels: {1: {en: ONE}, 2: {en: "Donaudampfschifffahrtsgesellschaftskapitaen"}, 3: {en: c}}}
items:
  - {id: A1, response: a, wording: {en: "<script>alert('x')</script> #sym.arrow $x^2$ @cite \\\\ // /* */"}}
  - {id: A2, response: a, required: hard, wording: {en: "LONG"}}
  - {id: B1, response: b, wording: {en: "= heading - list"}}
  - {id: B2, response: b, wording: {en: "several &amp; more"}}
  - {id: T, type: text, wording: {en: "\\"><input onfocus=alert(1) autofocus>"}}
  - {id: N, type: integer, low: 0, high: 60, wording: {en: "#include \\"/etc/passwd\\""}}
reversed: [A2]
scales: [{id: s, name: {en: s}, items: [A1, A2], method: mean, min_answered: 1, model: reflective}]
""".replace("LONG", "a" * 150).replace("ONE", "Pneumonoultramicroscopicsilicovolcanoconiosis")


def named(one):
    """What a test of an instrument is called."""
    return f"{one.id}-{one.version}"
