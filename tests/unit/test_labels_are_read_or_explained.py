"""A label CSV is read as people and programs write it, or refused with the line that is wrong."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from medloop.rules import labels
from medloop.rules.labels import parse_labels
from medloop.rules.reasons import Reason, Refused

CLASSES = ("ok", "ill", "très malade")


def read(text: str | bytes) -> list[tuple[str, str, str | None]]:
    content = text if isinstance(text, bytes) else text.encode()
    return [(line.file, line.label, line.split) for line in parse_labels(content, CLASSES)]


def refused(text: str | bytes) -> dict[str, int | float | str]:
    with pytest.raises(Refused) as caught:
        read(text)
    assert caught.value.reason is Reason.INVALID_LABELS
    return caught.value.facts


@pytest.mark.parametrize(
    "text",
    [
        "file,label\na.png,ok\nb.png,ill\n",
        "file;label\r\na.png;ok\r\nb.png;ill\r\n",
        "file\tlabel\na.png\tok\nb.png\till",
        "\ufefffile,label\na.png,ok\nb.png,ill\n",
        'label,"File",age\nok,"a.png",41\nill,b.png,\n',
        " FILE , Label \n a.png , ok \n\n b.png , ill \n,,\n",
        "file,label\na.png,ok\na.png,ok\nb.png,ill\n",
        "file,label,split\na.png,ok,\nb.png,ill\n",
        "file,label\r./a.png,ok\r./b.png,ill\r",
    ],
)
def test_spreadsheets_and_programs_write_it_in_many_ways(text: str) -> None:
    assert read(text) == [("a.png", "ok", None), ("b.png", "ill", None)]


def test_a_line_may_say_the_side() -> None:
    text = "file,label,split\na,ok,Train\nb,ok,validation\nc,ok,test\nd,ok,val\ne,ok,valid\n"
    assert [split for _, _, split in read(text)] == [
        "train",
        "validation",
        "test",
        "validation",
        "validation",
    ]


def test_folders_may_be_written_as_windows_does() -> None:
    assert read("file,label\ns1\\a.png,ok\n") == [("s1/a.png", "ok", None)]


def test_a_class_is_spelt_as_the_project_spells_it() -> None:
    composed_of_two = "tre\u0300s malade"
    assert read(f"file,label\na,{composed_of_two}\n") == [("a", "très malade", None)]


def test_quotes_hold_commas_and_line_ends() -> None:
    assert read('file,label\n"a, b\nc.png",ok\n') == [("a, b\nc.png", "ok", None)]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("", {"problem": "header", "line": 1, "column": "file"}),
        ("name,label\na,ok\n", {"problem": "header", "line": 1, "column": "file"}),
        ("file,class\na,ok\n", {"problem": "header", "line": 1, "column": "label"}),
        ("file,label,file\na,ok,b\n", {"problem": "header", "line": 1, "column": "file"}),
        ("file,label\n", {"problem": "no_lines"}),
        ("file,label\na,ok\nb,Nobody^Nora\n", {"problem": "column", "line": 3, "column": "label"}),
        ("file,label\n,ok\n", {"problem": "column", "line": 2, "column": "file"}),
        ("file,label\na\n", {"problem": "column", "line": 2, "column": "label"}),
        ("file,label,split\na,ok,tset\n", {"problem": "column", "line": 2, "column": "split"}),
        ("file,label\na,ok\n\nb,ok\na,ill\n", {"problem": "contradiction", "line": 5, "earlier_line": 2}),
        ('file,label\na,ok\n"b,ok\n', {"problem": "quotes_or_length", "line": 3}),
        (b"file,label\na,ok\nb\xff,ok\n", {"problem": "encoding", "line": 3}),
        ("file,label\na\0b,ok\n", {"problem": "column", "line": 2, "column": "file"}),
        ("file,label\n" + "a" * 1025 + ",ok\n", {"problem": "column", "line": 2, "column": "file"}),
    ],
)
def test_what_is_wrong_is_said_by_line_and_never_by_its_text(
    text: str | bytes, facts: dict[str, int | str]
) -> None:
    assert refused(text) == facts


def test_a_table_has_a_limit_in_bytes_and_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MOST_LINES", 3)
    assert refused("file,label\na,ok\nb,ok\nc,ok\n") == {"problem": "too_many_lines", "limit_lines": 3}
    monkeypatch.setattr(labels, "LARGEST_LABELS", 12)
    assert refused("file,label\na,ok\n") == {"problem": "too_large", "limit_bytes": 12}


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: f"file,label\n{text}")))
@example("file,label\n\x00,ok")
@example(b"file,label\n" + b'"' * 140_000)
def test_whatever_comes_is_read_or_refused(content: str | bytes) -> None:
    try:
        read(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    except Refused as refusal:
        assert refusal.reason is Reason.INVALID_LABELS
