// Tables that become cards where it is narrow. Roles are spelled out, because cards are no tables to a browser.

import { el } from "../dom.js";

/** columns: [{name, cell: (row) => node or text, number?, keep?, wide?}]; `open(row)` makes the first cell a link for the row. */
export function table({ caption, columns, rows, open, key, isNarrow = false }) {
  return el(
    "table",
    { class: isNarrow ? "table cards narrow" : "table cards", role: "table" },
    el("caption", { class: "unseen" }, caption),
    el(
      "thead",
      { role: "rowgroup" },
      el(
        "tr",
        { role: "row" },
        columns.map((column) =>
          el("th", { scope: "col", role: "columnheader", class: column.number && "number" },
            column.name || el("span", { class: "unseen" }, "Actions")),
        ),
      ),
    ),
    el(
      "tbody",
      { role: "rowgroup" },
      rows.map((row) =>
        el(
          "tr",
          { role: "row", class: open && "link" },
          columns.map((column, at) => {
            const content = column.cell(row);
            const isNone = content === null || content === "" || content === false;
            const kind = [column.number && "number", column.keep && "keep", column.wide && "wide", isNone && "none"].filter(Boolean).join(" ");
            const where = at === 0 && open ? open(row) : null;
            return el(
              "td",
              { role: "cell", "data-label": column.name, class: kind || null },
              where ? el("a", { class: "open", href: where, "data-key": key?.(row) }, content) : el("div", {}, content),
            );
          }),
        ),
      ),
    ),
  );
}
