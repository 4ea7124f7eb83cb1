"""How often somebody may be wrong: guesses at tokens, codes and keys are counted by address, right ones never.

Whoever brings a valid token is let in whatever others at the same address did: a whole bank may stand behind one.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

#: So many wrong attempts a minute are answered as wrong; further ones are told to wait.
MOST_WRONG = 20
PERIOD = 60.0
#: So many addresses are remembered.
MOST_ADDRESSES = 20_000


class Limiter:
    """Counts wrong attempts in periods of a minute that begin with the first of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def wrong(self, address: str) -> bool:
        """Count a wrong attempt; whether it is one too many."""
        place, now = network(address), self._clock()
        with self._lock:
            began, count = self._counts.pop(place, (now, 0))
            if now - began >= PERIOD:
                began, count = now, 0
            self._counts[place] = (began, count + 1)
            if len(self._counts) > MOST_ADDRESSES:
                self._counts.popitem(last=False)
        return count >= MOST_WRONG

    def __len__(self) -> int:
        return len(self._counts)


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 network that one IPv6 user has."""
    try:
        found = ipaddress.ip_address(_without_port(address.split("%")[0]))
    except ValueError:
        return "unknown"  # whatever stands there, it is one place: who can vary it gains nothing
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def _without_port(address: str) -> str:
    """An address as some proxies write it, with a port behind it."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
