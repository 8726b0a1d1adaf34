"""Writes the pages that are drawn from code: `python docs/generate.py [page …]`, all without names."""

import sys
from collections.abc import Callable
from pathlib import Path

from medloop.rules.reasons import Reason

HERE = Path(__file__).parent


def reasons() -> str:
    """docs/reasons.md: every reason code with its sentence and its hint."""
    rows = [
        f"| `{reason.value}` | {reason.explanation.sentence} | {reason.explanation.hint} |"
        for reason in Reason
    ]
    return "\n".join(
        [
            "# Why an upload is refused",
            "",
            "Every refused object version has one of these codes in the catalogue, in the metrics and in the",
            "`UploadQuarantined` event. The source object stays where it was uploaded.",
            "",
            "| code | what was found | what to do |",
            "|---|---|---|",
            *rows,
            "",
            "Generated from `medloop/rules/reasons.py` by `python docs/generate.py reasons`.",
            "",
        ]
    )


PAGES: dict[str, Callable[[], str]] = {"reasons": reasons}
"""One entry per page: its name without `.md`, and what writes it."""


def main(names: list[str]) -> None:
    for name in names or list(PAGES):
        (HERE / f"{name}.md").write_text(PAGES[name](), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
