"""Before the data: how many rows a study needs, and what it can find with those it will have."""

from crmstudy.planning import power as power
