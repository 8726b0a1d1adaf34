// A confusion matrix: truth in rows, prediction in columns.

import { el } from "../dom.js";
import { count } from "../format.js";

export function matrix(title, classes, cells) {
  const sums = cells.map((row) => Math.max(1, row.reduce((a, b) => a + b, 0)));
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    el(
      "table",
      { class: "matrix" },
      el("caption", { class: "unseen" }, "Rows are the truth, columns what was predicted"),
      el("thead", {}, el("tr", {}, el("td", { class: "unseen" }), classes.map((name) => el("th", { scope: "col" }, name)))),
      el(
        "tbody",
        {},
        cells.map((row, at) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, classes[at]),
            row.map((cell, to) => el("td", { class: at === to ? "right" : null, style: { "--share": cell / sums[at] } }, count(cell))),
          ),
        ),
      ),
    ),
  );
}
