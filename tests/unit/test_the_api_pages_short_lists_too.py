"""Lists that are read whole are given out in pages as well, each row once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medloop.api.pages import page_of_all
from medloop.api.problems import Problem


@given(st.lists(st.text(max_size=5), unique=True, max_size=20), st.integers(1, 7))
def test_every_row_is_on_one_page(rows: list[str], limit: int) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = page_of_all(rows, limit, cursor, key=str, item=str.upper)
        assert len(page.items) <= limit
        seen += page.items
        cursor = page.next
    assert seen == [row.upper() for row in rows]


def test_a_cursor_whose_row_is_gone_is_refused() -> None:
    cursor = page_of_all(["a", "b", "c"], 1, "", key=str, item=str).next
    assert cursor is not None
    with pytest.raises(Problem, match="is no more"):
        page_of_all(["b", "c"], 1, cursor, key=str, item=str)
