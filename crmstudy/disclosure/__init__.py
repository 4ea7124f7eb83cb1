"""Which figures about groups of people may be shown, so that nobody can be told from them.

Standard library only. A figure is shown where its group has at least k people: :class:`Rules`. It is also withheld
where it would let a figure about fewer than k be computed from what is shown, now or earlier: :func:`suppressed` for
groups beside their total, :func:`secondary` for a table of counts with margins, :class:`Ledger` for everything a study
has ever shown, over filters, files and waves. :func:`shares` bands a distribution and :func:`mean_band` a mean where
(nearly) all agree.

What "computed" means. A mean with its n is a sum; whoever knows several sums can add and subtract them with any
weights. Each sum is a row of zeros and ones over the people, so what can be computed is the span of these rows. The
ledger shows a figure only while no vector of the span, other than zero, is about fewer than k people. Where the people
are known this is exact, however filters overlap; where only names of groups and counts are known, groups that may
overlap and whose counts differ by less than k are taken to differ in so few.
"""

from crmstudy.disclosure.ledger import Decision, Group, Ledger, digests
from crmstudy.disclosure.margins import Hidden, secondary
from crmstudy.disclosure.rules import KINDS, Kind, Rules, mean_band, shares, suppressed

__all__ = [
    "KINDS", "Decision", "Group", "Hidden", "Kind", "Ledger", "Rules", "digests", "mean_band", "secondary", "shares",
    "suppressed",
]  # fmt: skip
