"""Workbooks without the moment they were made in: the same content gives the same bytes."""

from __future__ import annotations

import datetime
import io
import re
import zipfile

#: The first moment that a zip archive can name.
EPOCH = datetime.datetime(1980, 1, 1)


def dateless(raw: bytes) -> bytes:
    """The same workbook, made at :data:`EPOCH`."""
    made = io.BytesIO()
    date = f"{EPOCH.isoformat()}Z".encode()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + date, content)
            entry = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, content)
    return made.getvalue()
