"""What can be parsed behind the door: one row a kind of file."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 2**20
#: A file of at most so many bytes is small: whoever waits for it waits no more than five seconds.
SMALL = MEGABYTE // 4


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the function that takes it apart, its name in a sentence, and its limits.

    ``function`` is ``"package.module:function"``, imported in the child. ``largest`` is the size of a file in bytes;
    ``seconds`` by the clock hold for a file of at most :data:`SMALL` bytes and grow by ``seconds_per_mb`` beyond (about
    ten times of what an idle computer needs); ``memory`` (bytes) grows by ``memory_per_byte``.
    """

    function: str
    name: str
    largest: int = 64 * MEGABYTE
    seconds: float = 4.0
    seconds_per_mb: float = 0.5
    memory: int = 512 * MEGABYTE
    memory_per_byte: int = 12


_READING = "crmstudy.exchange.reading"
_DRAFTING = "crmstudy.exchange.drafting"
_QUESTIONNAIRES = "crmstudy.exchange.questionnaires"
#: The largest file of data, in bytes.
LARGEST = 1024 * MEGABYTE

KINDS: dict[str, Kind] = {
    "delimited": Kind("crmstudy.exchange.delimited:take_apart", "delimited text", largest=LARGEST, seconds_per_mb=1,
                      memory_per_byte=30),
    "spss": Kind(f"{_READING}.spss:take_apart", "an SPSS file", largest=LARGEST, seconds_per_mb=2,
                 memory=768 * MEGABYTE, memory_per_byte=40),
    "spss-packed": Kind(f"{_READING}.spss:take_apart", "an SPSS file", largest=LARGEST, seconds_per_mb=10,
                        memory=1024 * MEGABYTE, memory_per_byte=200),
    "stata": Kind(f"{_READING}.stata:take_apart", "a Stata file", largest=LARGEST, seconds_per_mb=2,
                  memory=768 * MEGABYTE, memory_per_byte=40),
    "parquet": Kind(f"{_READING}.parquet:take_apart", "a Parquet file", largest=LARGEST, seconds_per_mb=8,
                    memory=1536 * MEGABYTE, memory_per_byte=100),
    "workbook": Kind(f"{_READING}.workbook:take_apart", "an Excel workbook (.xlsx)", largest=128 * MEGABYTE,
                     seconds_per_mb=20, memory_per_byte=60),
    "text-grid": Kind(f"{_DRAFTING}.cells:take_apart", "a workbook (.xlsx) or delimited text", largest=32 * MEGABYTE,
                      seconds_per_mb=8, memory_per_byte=60),
    "document": Kind(f"{_DRAFTING}.blocks:take_apart", "a Word document (.docx)", largest=32 * MEGABYTE,
                     seconds_per_mb=8, memory_per_byte=60),
    "spss-dictionary": Kind(f"{_DRAFTING}.dictionary:take_apart", "an SPSS file", largest=LARGEST, seconds_per_mb=1,
                            memory=768 * MEGABYTE, memory_per_byte=8),
    "workbook-has-survey": Kind(f"{_QUESTIONNAIRES}.taking_apart:has_survey", "a workbook (.xlsx)",
                                largest=32 * MEGABYTE, seconds_per_mb=4, memory_per_byte=60),
    **{
        f"questionnaire-{name}": Kind(f"{_QUESTIONNAIRES}.taking_apart:{name}", title, largest=32 * MEGABYTE,
                                      seconds_per_mb=4, memory_per_byte=60)
        for name, title in (
            ("yaml", "an instrument file"), ("json", "an instrument as JSON"), ("xlsform", "an XLSForm (.xlsx)"),
            ("limesurvey", "a LimeSurvey survey (.txt)"), ("lss", "a LimeSurvey survey (.lss)"),
            ("redcap", "a REDCap data dictionary"), ("qsf", "a Qualtrics survey (.qsf)"),
        )
    },
}  # fmt: skip
