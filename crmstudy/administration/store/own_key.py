"""The key of a study and its database belong together: with another key, links given out are worth nothing."""

from __future__ import annotations

from pathlib import Path

from crmstudy.administration.keys import KEY_FILE, derived, study_key
from crmstudy.administration.store import schema
from crmstudy.administration.store.dialects import put_over
from crmstudy.administration.store.store import Store, setting
from crmstudy.administration.store.writer import Work
from crmstudy.errors import StudyError

#: The setting that tells by which key the database was first used; nothing of the key can be learned from it.
MARK = "key"
_NEEDED = (
    "Links of branches and kiosks, who was invited, and the codes of the next wave depend on it. Put back the copy "
    "that was kept apart from the backups. If there is none, start once with: crmstudy serve STUDY --new-key"
)


def own_key(store: Store, place: Path, *, anew: bool = False) -> bytes:
    """The key of a study, which must be the one that its database was first used with.

    Parameters
    ----------
    store : Store
    place : Path
        The folder of what is collected.
    anew : bool
        Whether another key, or a new one, takes the place of one that is lost.

    Raises
    ------
    StudyError
        When the key is missing, or is another one.
    OutputError
        When it cannot be read or made.
    """
    path = place / KEY_FILE
    before = store.read(lambda connection: setting(connection, MARK))
    if before is not None and not anew and not path.exists():
        raise StudyError(f"'{path}' is missing, with which the study was asked. {_NEEDED}")
    key = study_key(place)
    mark = derived(key, "mark").hex()[:32]
    if before != mark and (before is None or anew):
        store.do_now(lambda work: _note(work, mark, anew=anew))
        before = store.read(lambda connection: setting(connection, MARK))
    if before != mark:
        raise StudyError(f"'{path}' is not the key with which the study was asked. {_NEEDED}")
    return key


def _note(work: Work, mark: str, *, anew: bool) -> None:
    if anew or setting(work.connection, MARK) is None:
        put_over(work.connection, schema.setting, {"name": MARK, "value": mark}, replaced=("value",))
