"""Lists of people: three scripts, any delimiter, and every fault at once."""

import pytest

from crmstudy.administration.inviting.people import read_counts, read_people
from crmstudy.administration.inviting.tables import read_table
from crmstudy.errors import DataError
from tests.administration.inviting.conftest import fieldwork_of


def read(tmp_path, content, *, sample="staff", **more):
    path = tmp_path / "people.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    fieldwork = fieldwork_of(tmp_path)
    return read_people(path, fieldwork, fieldwork.samples[sample], **more)


def faults(tmp_path, content, **more):
    with pytest.raises(DataError) as caught:
        read(tmp_path, content, **more)
    return [(fault.line, fault.message) for fault in caught.value.faults]


LISTS = {
    "english": (
        "Employee;E-mail;Branch;Language;Mobile\nAnn Lee;Ann@Bank.example;Central branch;English;+1 555 0100\n", ";",
    ),
    "persian": (
        "نام و نام خانوادگی,ایمیل,شعبه,زبان,تلفن همراه\n"
        "علي رضايي,ali@bank.example,شعبه مرکزي,فارسی,۰۹۱۲۳۴۵۶۷۸۹\n", ",",
    ),
    "russian": (
        "ФИО\tЭл. почта\tФилиал\tЯзык\tТелефон\n"
        "Пётр Кузнецов\tpetr@bank.example\tцентральный филиал\tрусский\t8 912 000-00-00\n", "\t",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_headings_in_three_languages(tmp_path, name, delimiter, encoding):
    content = LISTS[name][0].replace(LISTS[name][1], delimiter)
    (person,) = read(tmp_path, content.replace("\n", "\r\n").encode(encoding)).people
    assert person.unit == "B1"
    assert person.lang == {"english": "en", "persian": "fa", "russian": "ru"}[name]
    assert "@bank.example" in person.email
    assert person.phone.isascii()
    assert person.line == 2


@pytest.mark.parametrize(("page", "name"), [("cp1251", "russian"), ("cp1256", "persian")])
def test_code_pages_are_told_or_asked_for(tmp_path, page, name):
    text = LISTS[name][0].replace("۰۹۱۲۳۴۵۶۷۸۹", "09123456789")
    raw = text.replace("ی", "ي").encode(page) if page == "cp1256" else text.encode(page)
    found = read(tmp_path, raw)
    assert found.people[0].unit == "B1"
    assert any(page in note for note in found.notes)
    assert not any("UTF-8" in note for note in read(tmp_path, raw, encoding=page).notes)
    assert not any("UTF-8" in note for note in read(tmp_path, text).notes)


def test_an_unclear_code_page_is_asked_for(tmp_path):
    ((line, message),) = faults(tmp_path, "email,unit,name\nx@bank.example,B1,José\n".encode("cp1252"))
    assert line == 2
    assert "--encoding cp1251" in message
    assert "cp1256" in message


def test_every_fault_is_told_with_its_line(tmp_path):
    found = faults(
        tmp_path,
        "name,email,unit,lang,phone\n"
        "Ann,ann@bank.example,B1,en,\n"
        "Bob,bob at bank,B1,en,\n"
        "Cyd,ANN@bank.example,B1,en,\n"
        "Dan,,B1,en,\n"
        '"Eve",eve@bank.example,Centrl branch,en,\n'
        "Fay,fay@bank.example,,en,\n"
        "Gus,gus@bank.example,B2,de,\n"
        "Hal,hal@bank.example,B2,en,call me\n"
        '"Ira\nBcc: x",ira@bank.example,B2,en,\n'
        "Jo,jo@bank.example,B2\n"
        "Kim\x07,kim@bank.example,B2,en,\n",
        mail=True,
    )
    said = dict(found)
    assert [line for line, _ in found] == [3, 4, 5, 6, 7, 8, 9, 10, 12, 13]
    assert "no address" in said[3]
    assert "line 2 too" in said[4]
    assert "no address" in said[5]
    assert "Did you mean 'Central branch'" in said[6]
    assert "no unit" in said[7]
    assert "it offers en, fa, ru" in said[8]
    assert "phone" in said[9]
    assert "more than one line" in said[10]
    assert "3 cells" in said[12]
    assert "cannot be printed" in said[13]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("name,email,unit\n", "no rows"),
        ("name,email,unit\n,,\n", "no rows"),
        ("name,email,E-mail,unit\nAnn,a@b.example,a@b.example,B1\n", "two columns are 'email'"),
        ("name,email\nAnn,a@b.example\n", "no column is 'unit'"),
        ("unit\nB1\n", "nothing can reach"),
        ('name,email,unit\n"Ann,a@b.example,B1\n', "quotation marks"),
        ("id,unit\n7,B1\n۷,B1\n", "line 2 too"),
        ("name,unit\nAnn,B1\nann,B1\n", "line 2 too"),
        (b"PK\x03\x04rest", "workbook"),
        ("name,email,unit\n" + "x" * 300 + ",a@b.example,B1\n", "letters"),
    ],
)
def test_lists_that_are_refused(tmp_path, content, said):
    assert any(said in message for _, message in faults(tmp_path, content))


def test_a_list_without_addresses_is_no_list_for_mail(tmp_path):
    content = "name,unit\nAnn,B1\n"
    assert len(read(tmp_path, content).people) == 1
    assert "no column is 'email'" in faults(tmp_path, content, mail=True)[0][1]


def test_what_is_not_read_is_told(tmp_path):
    found = read(tmp_path, "name,emial,unit,salary\nAnn,a@b.example,B1,100\n")
    assert any("'emial' Did you mean 'email'?" in note and "'salary'" in note for note in found.notes)
    assert any("dyad" in note for note in found.notes)
    assert found.people[0].email == ""


def test_attributes_and_names_go_along(tmp_path):
    found = read(tmp_path, "sep=;\nname;unit;Dyad\n'=Ann;B1;d-7\n")
    assert found.people[0].attributes == {"dyad": "d-7"}
    assert found.people[0].name == "=Ann"
    assert found.people[0].line == 3


def test_customers_need_no_unit(tmp_path):
    assert read(tmp_path, "email\na@b.example\n", sample="customers").people[0].unit == ""


def test_undeclared_units_are_refused(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("name,unit\nAnn,B1\n")
    fieldwork = fieldwork_of(tmp_path, units={}, levels=())
    with pytest.raises(DataError, match="declare units"):
        read_people(path, fieldwork, fieldwork.samples["staff"])


def test_counts_of_slips(tmp_path):
    table = tmp_path / "units.csv"
    table.write_text("شعبه;تعداد\nشعبهٔ شمال;۴۰\n", encoding="utf-8")
    fieldwork = fieldwork_of(tmp_path)
    assert read_counts(["central branch=3", str(table)], fieldwork) == {"B1": 3, "B2": 40}
    table.write_text("unit,count\nB1,0\nB2,many\nB9,4\nB1,999999\nD1,5\nD1,6\n")
    with pytest.raises(DataError) as caught:
        read_counts([str(table)], fieldwork)
    assert [fault.line for fault in caught.value.faults] == [2, 3, 4, 5, 7]
    with pytest.raises(DataError, match="--slips UNIT=40"):
        read_counts([], fieldwork)


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"\x00\x01\x02", "a,b\n\ud800,2\n".encode("utf-8", "surrogatepass")])
def test_bytes_that_are_no_table(tmp_path, raw):
    path = tmp_path / "x.csv"
    path.write_bytes(raw)
    with pytest.raises(DataError):
        read_table(path, {"a": (), "b": ()}).raise_faults()
