"""The limits of a child process, and which of them a platform can set."""

from __future__ import annotations

import contextlib
import signal
import sys
from dataclasses import dataclass
from typing import Any

#: So many seconds beyond its limit a child ends by itself when its parent is no more.
_ALONE = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: seconds by the clock and of the processor, and bytes of address space."""

    seconds: float
    memory: int


def _resource() -> Any:
    try:
        import resource
    except ImportError:  # Windows has none
        return None
    return resource


def can_limit_memory() -> bool:
    """Whether this platform can bound the memory of a child process: Linux and the BSDs can."""
    resource = _resource()
    return resource is not None and hasattr(resource, "RLIMIT_AS") and sys.platform != "darwin"


def can_limit_processor() -> bool:
    """Whether this platform can bound the processor time of a child process; the clock is watched everywhere."""
    resource = _resource()
    return resource is not None and hasattr(resource, "RLIMIT_CPU")


def forbid_writing() -> None:
    """Let the process this runs in write no file, for good; pipes stay open. In the child only."""
    resource = _resource()
    if resource is not None and hasattr(resource, "RLIMIT_FSIZE"):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def limit_this_process(limits: Limits) -> None:
    """Set the limits of the process this runs in, from what it has used already; in the child only."""
    resource = _resource()
    if resource is None:
        return
    if can_limit_memory():
        _set(resource, resource.RLIMIT_AS, _address_space() + limits.memory)
    if can_limit_processor():
        used = resource.getrusage(resource.RUSAGE_SELF)
        _set(resource, resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + limits.seconds) + 2)
    if hasattr(resource, "RLIMIT_CORE"):
        _set(resource, resource.RLIMIT_CORE, 0)  # a crash leaves no image of somebody's answers on the disk
    if hasattr(signal, "setitimer"):  # the parent watches the clock, unless it was killed itself
        signal.setitimer(signal.ITIMER_REAL, limits.seconds + _ALONE)


def lift_the_clock() -> None:
    """Let the process live on: the file is done with; in the child only."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def _set(resource: Any, which: int, wanted: int) -> None:
    """Set a soft limit, as far as the hard one allows."""
    _, hard = resource.getrlimit(which)
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(which, (soft, hard))


def _address_space() -> int:
    """Bytes of address space in use (0 where the system does not say)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * int(_resource().getpagesize())
