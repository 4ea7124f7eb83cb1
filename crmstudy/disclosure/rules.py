"""From how many people on a figure is shown: groups beside their total, distributions, means."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from crmstudy.errors import DataError, ModelError, did_you_mean

Kind = Literal["mean", "distribution", "crossing", "text"]
KINDS = ("mean", "distribution", "crossing", "text")
#: Two people know of each other what the pair answered, so no figure is about fewer than this.
LEAST = 3
#: In tenths: a distribution is banded where so large a share or more gives one answer.
_AGREED = 9

_K = TypeVar("_K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Rules:
    """From how many people on a figure is shown.

    ``k_means`` for means of a group; ``k_distributions`` for distributions, crossings (groups by two or more
    conditions) and free text. ``round_to`` is the multiple to which numbers of people are rounded: 1 leaves them
    (research), 5 is meant for readers who know the staff.
    """

    k_means: int = 5
    k_distributions: int = 10
    round_to: int = 1

    def __post_init__(self) -> None:
        faults = [
            f"`{name}` is a number of people, at least {LEAST}, not {value!r}: of two people each knows the other."
            for name, value in (("k_means", self.k_means), ("k_distributions", self.k_distributions))
            if not is_count(value) or value < LEAST
        ]
        if not faults and self.k_distributions < self.k_means:
            faults.append(
                f"`k_distributions` ({self.k_distributions}) is below `k_means` ({self.k_means}), though a "
                "distribution tells more than its mean: raise it."
            )
        if not is_count(self.round_to) or self.round_to < 1:
            faults.append(f"`round_to` is a whole number from 1 on, such as 5, not {self.round_to!r}.")
        if faults:
            raise ModelError(faults)

    def k(self, kind: Kind = "mean") -> int:
        """The smallest group whose figure of this kind is shown."""
        if kind not in KINDS:
            raise ModelError(f"`kind` is one of {', '.join(KINDS)}, not {kind!r}.{did_you_mean(str(kind), KINDS)}")
        return self.k_means if kind == "mean" else self.k_distributions

    def n_shown(self, n: int) -> int:
        """A number of people as readers see it: the nearest multiple of ``round_to``, the same for the same n."""
        return (2 * n + self.round_to) // (2 * self.round_to) * self.round_to

    def figure_shown(self, value: float, n: int, unit: float) -> float:
        """A mean or a share of ``n`` people as readers see it who see ``n`` rounded.

        One answer changes the figure by a multiple of ``unit`` / n (1 for means of points, 100 for percentages), so
        that all its digits would give n. It is rounded to 1, 2 or 5 units of a decimal place, so coarse that it is
        possible with each n that is rounded to the same number; to no less than a tenth of a point, or one percent.
        """
        if self.round_to == 1 or not math.isfinite(value):
            return value
        fewest = max(self.n_shown(n) - self.round_to // 2, self.k_means)
        least = max(unit / fewest, 0.1 if unit < 10.0 else 1.0)
        power = 10.0 ** math.floor(math.log10(least) + 1e-9)
        step = next(times * power for times in (1, 2, 5, 10) if times * power >= least * (1.0 - 1e-9))
        return round(round(value / step) * step, 10)


def suppressed(
    counts: Mapping[_K, int], *, rules: Rules | None = None, kind: Kind = "mean", total: bool = True
) -> dict[_K, str]:
    """Which of several groups without common members are withheld.

    Parameters
    ----------
    counts : mapping of group to number of people
    rules : Rules, optional
    kind : {"mean", "distribution", "crossing", "text"}
    total : bool
        The same figure is shown for all groups together; then, where those withheld have fewer than k people in all,
        the next smallest groups are withheld too. With fewer than k people in all, nothing may be shown: also no total.

    Returns
    -------
    dict of group to reason
        ``empty``, ``small`` or ``secondary``; groups that are not in it are shown.

    Examples
    --------
    >>> suppressed({"North": 12, "South": 3, "West": 8})
    {'South': 'small', 'West': 'secondary'}
    """
    k = (rules or Rules()).k(kind)
    faults = [f"the group '{group}' has {n!r} people; a count is a whole number." for group, n in counts.items()
              if not is_count(n) or n < 0]  # fmt: skip
    if faults:
        raise DataError(faults)
    hidden = {group: "small" if n else "empty" for group, n in counts.items() if n < k}
    missing = sum(counts[group] for group in hidden)
    rest = sorted((group for group in counts if group not in hidden), key=lambda group: counts[group])
    while total and 0 < missing < k and rest:
        group = rest.pop(0)
        hidden[group] = "secondary"
        missing += counts[group]
    return hidden


def shares(counts: Sequence[int], rules: Rules | None = None) -> tuple[tuple[float, float], ...] | None:
    """The shares (0-1) of a distribution as pairs of a lowest and a highest value, or None where n is below k.

    Where 90 per cent or more give one answer, all shares are bands (0.9 to 1, the others 0 to 0.1), so that readers
    cannot tell whether all did. Else both values of a pair are the share.
    """
    n, rules = sum(counts), rules or Rules()
    if n < rules.k("distribution"):
        return None
    if 10 * max(counts) >= _AGREED * n:
        return tuple((0.9, 1.0) if 10 * count >= _AGREED * n else (0.0, 0.1) for count in counts)
    return tuple((count / n, count / n) for count in counts)


def mean_band(mean: float, sd: float, low: float, high: float) -> tuple[float, float] | None:
    """The band in which a mean is given where all agree or nearly so, else None.

    ``low`` and ``high`` are the ends of the scale. A group agrees whose standard deviation is below a twentieth of
    that range; its band is the tenth of the range that holds the mean. Some who do not all agree are banded too, so
    that a band does not say that all do.
    """
    width = high - low
    if sd >= width / 20.0:
        return None
    tenth = min(int((mean - low) / width * 10.0 + 1e-9), 9)
    return low + width * tenth / 10.0, low + width * (tenth + 1) / 10.0


def is_count(value: object) -> bool:
    """Whether a value is a whole number; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool)
