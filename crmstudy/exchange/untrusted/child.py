"""Child processes: started when they are needed, given one file after another, replaced when they are done for."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import crmstudy
from crmstudy.errors import DataError
from crmstudy.exchange.untrusted import wire
from crmstudy.exchange.untrusted.kinds import MEGABYTE
from crmstudy.exchange.untrusted.limits import Limits
from crmstudy.exchange.untrusted.pipes import Pipe
from crmstudy.exchange.untrusted.worker import NO_MEMORY

#: How many files a child takes before it is replaced.
SERVED = 200
#: How long a child may take to start and to import the parser, in seconds.
STARTING = 60.0
#: So much later than the child is killed the parent gives up a pipe that somebody else holds open, in seconds.
_GRACE = 1.0
#: What the child runs: this package and no other of its name, and nothing before the standard library.
_BEGIN = """\
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
home = sys.argv[1]
spec = PathFinder.find_spec("crmstudy", [home])
package = sys.modules["crmstudy"] = module_from_spec(spec)
spec.loader.exec_module(package)
sys.path.append(home)
from crmstudy.exchange.untrusted.worker import main
main()
"""
#: The texts of an answer may be so many bytes longer than those of ten times the file.
_LONGEST_HEADER = 16 * MEGABYTE
#: The numbers of an answer may be so many bytes more than thirty times the file: the parent has to hold them.
_LARGEST_ANSWER = 256 * MEGABYTE
#: What a child sees of the environment; passwords and keys that stand there are none of its business.
_SEEN = frozenset({
    "PATH", "HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "WINDIR", "TEMP", "TMP", "TMPDIR", "LANG",
    "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "CRMSTUDY_TRACEBACK",
})  # fmt: skip


class Worker:
    """One child process, started when it is first asked."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.pipes: tuple[Pipe, Pipe] | None = None
        self.served = 0
        self.owner = 0

    def ask(self, request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
        """Send a request; the answer, or how the child ended."""
        process = self._waiting() or self._begun()
        self.served += 1
        late = threading.Event()
        try:
            answer = self._converse(process, request, limits, late)
        except wire.TooLong:
            self.end(kill=True)
            return {"memory": True}
        except (OSError, wire.BrokenMessage):
            return self._ended(late)
        except BaseException:  # stopped by a key: what the child still says must not be taken for the next answer
            self.end(kill=True)
            raise
        if not isinstance(answer, dict):
            return self._ended(late)
        if "memory" in answer or late.is_set():
            self.end(kill=True)
        return answer

    def _waiting(self) -> subprocess.Popen[bytes] | None:
        """The child that waits for a file; one that says something unasked is not trusted again."""
        if self.process is None or self.pipes is None or self.process.poll() is not None or self.served >= SERVED:
            return None
        if self.pipes[1].holds_something():
            self.end(kill=True)
        return self.process

    def _begun(self) -> subprocess.Popen[bytes]:
        """A new child, in the place of the last one."""
        self.end()
        process = self.process = _start()
        self.pipes = Pipe(process.stdin), Pipe(process.stdout)  # type: ignore[arg-type]
        self.served = 0
        self.owner = os.getpid()
        return process

    def _converse(
        self, process: subprocess.Popen[bytes], request: Mapping[str, Any], limits: Limits, late: threading.Event
    ) -> Any:
        """Hand the file over, wait until its parser is there, then as long as it may take; None when the child ends."""
        size = len(request["raw"])
        bounds = min(limits.memory + 2 * size, _LARGEST_ANSWER + 30 * size), _LONGEST_HEADER + 10 * size
        message = wire.packed(request)
        requests, answers = self.pipes  # type: ignore[misc]
        requests.until = answers.until = time.monotonic() + STARTING + _GRACE
        with _deadline(process, STARTING, late):
            wire.send(requests, message)
            ready = wire.read(answers, *bounds)
        if not isinstance(ready, dict) or ready.get("ready") is not True:
            return ready
        answers.until = time.monotonic() + limits.seconds + _GRACE
        with _deadline(process, limits.seconds, late):
            return wire.read(answers, *bounds)

    def _ended(self, late: threading.Event) -> dict[str, Any]:
        """Why there is no answer; the process is gone afterwards."""
        process = self.process
        self.end(kill=not late.is_set() and process is not None and process.poll() is None)
        code = 0 if process is None else process.returncode
        if late.is_set():
            return {"late": True}
        if code == NO_MEMORY:
            return {"memory": True}
        if sys.platform != "win32" and code == -signal.SIGXCPU:
            return {"late": True}
        return {"crashed": code}

    def end(self, *, kill: bool = False) -> None:
        """End the process and wait for it; after a fork it belongs to the other side, which ends it."""
        if self.process is None or self.owner != os.getpid():
            return
        process, self.process = self.process, None
        self.pipes = None
        with contextlib.suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        try:
            if kill:
                _kill(process)
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()
        with contextlib.suppress(OSError):
            process.stdout.close()  # type: ignore[union-attr]


class Shared:
    """The child that serves one file after another; one thread at a time, and a new one after a fork."""

    def __init__(self) -> None:
        self.worker = Worker()
        self.lock = threading.Lock()
        self.owner = os.getpid()
        self.others: list[Worker] = []

    def ask(self, request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
        """The answer of the child; a crash that an earlier file may have caused is tried again in a new one."""
        if self.owner != os.getpid():
            self.others.append(self.worker)
            self.worker, self.lock, self.owner = Worker(), threading.Lock(), os.getpid()
        with self.lock:
            earlier = self.worker.served if self.worker.process is not None else 0
            answer = self.worker.ask(request, limits)
            if "crashed" in answer and earlier:
                answer = self.worker.ask(request, limits)
            return answer

    def end(self) -> None:
        """End the child that waits for the next file, if there is one."""
        self.worker.end()


shared = Shared()
atexit.register(shared.end)


@contextlib.contextmanager
def _deadline(process: subprocess.Popen[bytes], seconds: float, late: threading.Event) -> Iterator[None]:
    """Kill the process when the time is over; reading from it then ends."""

    def stop() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a child that was not waited for yet, and whatever it has started in its group."""
    if sys.platform != "win32" and process.returncode is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _home() -> str:
    """The folder that this package lies in."""
    return str(Path(crmstudy.__file__).resolve().parents[1])


def _start() -> subprocess.Popen[bytes]:
    """Start a child that sees no more of the surroundings than Python needs to run."""
    environment = {
        **{name: value for name, value in os.environ.items() if name.upper() in _SEEN},
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENPYXL_LXML": "False",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        **dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "ARROW_IO_THREADS"), "1"),
    }
    loud = bool(os.environ.get("CRMSTUDY_TRACEBACK"))
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", "-c", _BEGIN, _home()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if loud else subprocess.DEVNULL,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            process_group=None if sys.platform == "win32" else 0,
        )
    except OSError as error:
        raise DataError(
            f"files are read in a process of their own, and none could be started ({error.strerror or error}); "
            "crmstudy doctor says more."
        ) from None
