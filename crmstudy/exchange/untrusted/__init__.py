"""Files that nobody vouches for are taken apart in a child process, under limits of size, time and memory.

::

    from crmstudy.exchange.untrusted.door import parse

    values = parse("docx-text", path_or_bytes, language="fa")

How a parser gets behind the door:

1. Write a function of a module, ``read(raw: bytes, file: str, **options)``. It gets the bytes of the file and its name,
   and gives back plain values: None, bool, int, float, str, bytes, date, datetime, lists, tuples (which arrive as
   lists), mappings, and arrays of numbers (``array.array``, NumPy), which arrive as memoryviews. Options are plain
   values too. The module is imported in the child only; keep what it imports small.
2. Give it a row in :data:`crmstudy.exchange.untrusted.kinds.KINDS`: a name, ``"package.module:function"``, what the
file
   is called in a sentence, and other limits where the usual ones do not fit.
3. Refuse bad input as everywhere, with :class:`crmstudy.errors.DataError` (or another InputError) and all faults: it is
   raised again in the parent, with its faults. Anything else that is raised means "damaged, or no such file".

Before a zip archive (.xlsx, .docx) is opened, :func:`crmstudy.exchange.untrusted.archives.check_archive` looks at
what it would unpack to; markup is read by :func:`crmstudy.exchange.untrusted.markup.read_xml` and JSON by
:func:`~crmstudy.exchange.untrusted.markup.read_json`.

The child is started when it is first needed and serves many files; it is replaced after a crash, a limit that was
reached and a number of files. What it answers is JSON and buffers of numbers, never pickle: a child that was taken over
can give wrong values, but cannot run anything in the parent.
"""
