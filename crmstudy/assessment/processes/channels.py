"""When customers can reach the organisation: channels by hours of the week."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmstudy import letters
from crmstudy.assessment.answered import COMMAS, choices, text_column
from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.spelling import spelled_alike
from crmstudy.assessment.tables import table_of
from crmstudy.assessment.wording import say
from crmstudy.drawing import Drawing, Grid
from crmstudy.errors import DataError
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.results import sample_table

_ROOM, _WHAT = "processes", "opening hours"
_DAY, _WEEK = 1440, 7 * 1440
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?(?::00)?")
#: The row of all channels together.
ANY = "any channel"
_Open = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Opening:
    """A row: a channel on some days (0 is Monday), open from a minute to a minute or closed, staffed or not."""

    channel: str
    days: tuple[int, ...]
    times: tuple[int, int] | None
    staffed: str | None
    row: int


@dataclass(frozen=True, eq=False, repr=False)
class ChannelCoverage(AssessmentResult):
    """Hours of the week at which each channel, and any of them, is open.

    Tables: ``channels`` (channel, hours, percent_of_week, days, longest_gap, percent_staffed; last row: any channel),
    ``hours`` (channel, then ``h0`` to ``h23``: percent of the seven days' hour that is open), ``closed`` (day, opens,
    closes, hours: when no channel is open).
    """

    kind: ClassVar[str] = "channel coverage"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "channels", "Hours at Which Customers Can Reach Us",
            (
                ("channel", "Channel", "text"), ("hours", "Hours a week", "estimate"),
                ("percent_of_week", "Of the week, %", "percent"), ("days", "Days", "n"),
                ("longest_gap", "Longest closed, hours", "estimate"), ("percent_staffed", "Staffed, %", "percent"),
            ),
            "A week has 168 hours; staffed: part of the open time at which a person answers.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Coverage of all channels together, channels open around the clock, the longest gap."""
        channels = self.tables["channels"]
        whole, single = channels.iloc[-1], channels.iloc[:-1]
        said = [
            say(
                _ROOM, "channels_any", lang, n=(len(single), "n"), share=(whole["percent_of_week"], "percent"),
                hours=(whole["hours"], "df"),
            )
        ]  # fmt: skip
        always = single.loc[single["hours"] == 168.0, "channel"]
        key = "channels_always" if len(always) else "channels_never_always"
        said.append(say(_ROOM, key, lang, channels=COMMAS[lang].join(always)))
        if whole["hours"] < 168.0:
            said.append(say(_ROOM, "channels_gap", lang, hours=(whole["longest_gap"], "df")))
        if whole["percent_staffed"] == whole["percent_staffed"]:
            said.append(say(_ROOM, "channels_staffed", lang, share=(whole["percent_staffed"], "percent")))
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """Channels by hours of the day."""
        hours = self.tables["hours"]
        named = [f"h{hour}" for hour in range(24)]
        return (
            Grid(
                title="Channels by hour of the day",
                alt=f"Percent of the days of a week on which each channel is open at each hour. {self.prose()[0]}",
                rows=tuple(hours["channel"]),
                columns=tuple(str(hour) for hour in range(24)),
                values=tuple(tuple(float(row[name]) for name in named) for row in hours.to_dict("records")),
                low=0.0,
                high=100.0,
                decimals=0,
            ),
        )


def channel_coverage(hours: object) -> ChannelCoverage:
    """Find out how much of the week customers can reach the organisation.

    Parameters
    ----------
    hours : DataFrame or path
        A row an opening time: ``channel``, ``day`` (mon to sun, or daily), ``opens`` and ``closes`` (``8``, ``08:30``,
        ``24:00``, in the local time of the customers; both empty for a channel that is closed that day, whatever a row
        ``daily`` says), where known ``staffed`` (yes, no). A time that closes before it opens goes on after midnight;
        from 00:00 to 24:00 is the whole day.

    Returns
    -------
    ChannelCoverage

    Raises
    ------
    DataError
        With all faults: unknown days, times that are none, one end without the other, the same time at both ends, a
        day that is called both open and closed.

    Notes
    -----
    Source document 4.12 (service over channels, 24 hours on 7 days). The week is kept by the minute; times that overlap
    count once. The longest gap runs over the end of the week into its beginning. A channel has a staffed part only if
    every row with times says whether it is staffed. Weeks of a change of clocks are not told apart.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"channel": ["web", "desk"], "day": ["daily", "mon"], "opens": ["0", "8"],
    ...                       "closes": ["24", "16:30"]})
    >>> channel_coverage(table).tables["channels"]["hours"].tolist()
    [168.0, 8.5, 168.0]
    """
    wanted = {"channel": "text", "day": "text", "opens": "text", "closes": "text"}
    frame = table_of(hours, wanted, {"staffed": "text"}, what=_WHAT)  # type: ignore[arg-type]
    frame["channel"], notes = spelled_alike(frame["channel"], "channels")
    rows, faults = _recognised(frame)
    rows, against = _with_closed_days(rows)
    if faults or against:
        raise DataError([*faults, *against])
    week: dict[str, _Open] = {}
    people: dict[str, _Open] = {}
    twice: dict[str, int] = {}
    for one in rows:
        open_ = week.setdefault(one.channel, np.zeros(_WEEK, dtype=bool))
        manned = people.setdefault(one.channel, np.zeros(_WEEK, dtype=bool))
        if one.times is None:
            continue
        opens, closes = one.times
        length = closes - opens if closes > opens else closes - opens + _DAY
        for day in one.days:
            minutes = (day * _DAY + opens + np.arange(length)) % _WEEK
            twice[one.channel] = twice.get(one.channel, 0) + int(open_[minutes].sum())
            open_[minutes] = True
            if one.staffed == "yes":
                manned[minutes] = True
    notes += _notes(twice, week)
    silent = {one.channel for one in rows if one.times is not None and one.staffed is None}
    asked = {one.channel for one in rows if one.staffed is not None} - silent
    if asked == set(week):
        asked.add(ANY)
    elif any(one.staffed is not None for one in rows):
        message = "Not all opening times say whether they are staffed; channels of which some do not have no share."
        notes.append(Note("CHANNELS_STAFFED_UNKNOWN", message))
    together = np.logical_or.reduce(list(week.values()))
    manned = np.logical_or.reduce(list(people.values()))
    lines = [*((name, week[name], people[name]) for name in week), (ANY, together, manned)]
    return ChannelCoverage(
        estimates=no_estimates(),
        n=len(week),
        tables={
            "channels": pd.DataFrame([_line(name, open_, by, name in asked) for name, open_, by in lines]),
            "hours": pd.DataFrame([{"channel": name, **_by_hour(open_)} for name, open_, _ in lines]),
            "closed": _closed(together),
        },
        notes=tuple(notes),
        samples=sample_table(len(frame)),
        call={"channels": list(week)},
    )


def _recognised(frame: pd.DataFrame) -> tuple[list[_Opening], list[str]]:
    days: Mapping[str, Any] = {one["id"]: one for one in catalogue("channels")["days"]}
    named, faults = choices(frame["day"], {name: one["label"] for name, one in days.items()}, "day", _WHAT)
    answers = {one["id"]: one["label"] for one in catalogue("channels")["staffed"]}
    staffed, found = choices(text_column(frame, "staffed"), answers, "staffed", _WHAT)
    faults += found
    rows = []
    cells = zip(*(frame[name] for name in ("channel", "day", "opens", "closes")), named, staffed, strict=True)
    for row, (channel, written, begin, end, day, by) in enumerate(cells, start=1):
        if not isinstance(channel, str) or not isinstance(written, str):
            faults.append(f"Row {row} of the {_WHAT} lacks its channel or day; add it or delete the row.")
            continue
        if channel == ANY:
            faults.append(f"'{ANY}' (row {row}) is what the row of all channels is called; name the channel otherwise.")
        times, wrong = _times(row, begin, end)
        faults += wrong
        if isinstance(day, str):
            rows.append(_Opening(channel, tuple(days[day]["days"]), times, by if isinstance(by, str) else None, row))
    return rows, faults


def _times(row: int, begin: object, end: object) -> tuple[tuple[int, int] | None, list[str]]:
    """Opening and closing minute, None for a closed day; what is wrong with them."""
    opens, closes = _minute(begin), _minute(end)
    faults = [
        f"'{shown(cell)}' (row {row}, '{name}') is no time from 00:00 to 24:00, such as 08:30."
        for name, cell, minute in (("opens", begin, opens), ("closes", end, closes))
        if minute == -1
    ]
    if (opens is None) != (closes is None):
        faults.append(f"Row {row} of the {_WHAT} has one end only; give both, or none for a closed day.")
    elif opens is not None and opens != -1 and opens == closes:
        faults.append(f"Row {row} of the {_WHAT} opens and closes at the same time; a whole day is 00:00 to 24:00.")
    elif opens == _DAY:
        faults.append(f"Row {row} of the {_WHAT} opens at 24:00; write 00:00 of the next day.")
    return (None if opens is None or closes is None else (opens, closes)), faults


def _with_closed_days(rows: list[_Opening]) -> tuple[list[_Opening], list[str]]:
    """The rows without the times on days that are called closed; what is called closed and open alike."""
    closed = {(one.channel, *one.days): one.row for one in rows if one.times is None}
    faults = [
        f"Row {one.row} of the {_WHAT} opens '{shown(one.channel)}' when row {closed[one.channel, *one.days]} calls it "
        "closed; keep one."
        for one in rows
        if one.times is not None and (one.channel, *one.days) in closed
    ]
    kept = [replace(one, days=tuple(day for day in one.days if (one.channel, day) not in closed)) for one in rows]
    return kept, faults


def _minute(cell: object) -> int | None:
    """The minute of the day; None for an empty cell, -1 for what is no time."""
    if cell is None or cell != cell:
        return None
    found = _TIME.fullmatch(letters.digits(str(cell)).strip())
    if not found:
        return -1
    minute = int(found[1]) * 60 + int(found[2] or 0)
    return minute if minute <= _DAY and int(found[2] or 0) < 60 else -1


def _line(name: str, open_: _Open, by: _Open, asked: bool) -> dict[str, Any]:
    minutes = int(open_.sum())
    return {
        "channel": name, "hours": minutes / 60.0, "percent_of_week": 100.0 * minutes / _WEEK,
        "days": int(open_.reshape(7, _DAY).any(axis=1).sum()), "longest_gap": _longest(~open_) / 60.0,
        "percent_staffed": 100.0 * float(by.sum()) / minutes if asked and minutes else float("nan"),
    }  # fmt: skip


def _longest(closed: _Open) -> int:
    """The longest run of True on a circle."""
    if closed.all():
        return len(closed)
    start = int(np.flatnonzero(~closed)[0])
    around = np.roll(closed, -start)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], around, [False]]).astype(int)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _by_hour(open_: _Open) -> dict[str, float]:
    share = open_.reshape(7, 24, 60).mean(axis=(0, 2)) * 100.0
    return {f"h{hour}": float(share[hour]) for hour in range(24)}


def _closed(together: _Open) -> pd.DataFrame:
    """The times of each day at which nothing is open."""
    names = [one["label"]["en"] for one in catalogue("channels")["days"]]
    made = []
    for day, minutes in enumerate(together.reshape(7, _DAY)):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], ~minutes, [False]]).astype(int)))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            clock = [f"{int(at) // 60:02d}:{int(at) % 60:02d}" for at in (start, end)]
            made.append((names[day], *clock, float(end - start) / 60.0))
    return pd.DataFrame(made, columns=["day", "opens", "closes", "hours"])


def _notes(twice: Mapping[str, int], week: Mapping[str, _Open]) -> list[Note]:
    notes = []
    for channel, minutes in twice.items():
        if minutes:
            message = f"Times of '{channel}' overlap by {minutes / 60.0:.1f} hours a week; they count once."
            notes.append(Note("CHANNELS_OVERLAP", message, subject=channel))
    for channel, open_ in week.items():
        if not open_.any():
            notes.append(Note("CHANNELS_NEVER_OPEN", f"'{channel}' is never open.", "warning", channel))
    return notes
