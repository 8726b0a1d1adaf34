// Amounts side by side; the number stands beside every bar.

import { el } from "../dom.js";
import { count } from "../format.js";

/** rows: [[name, amount], …]; `most` fixes the scale, `text` writes the number. */
export function bars(rows, { most = Math.max(1, ...rows.map(([, amount]) => amount)), text = count } = {}) {
  return el(
    "dl",
    { class: "bars" },
    rows.map(([name, amount]) =>
      el(
        "div",
        {},
        el("dt", {}, name),
        el(
          "dd",
          {},
          el("span", { class: "track", "aria-hidden": "true" }, el("span", { style: { "--share": Math.min(1, amount / most) } })),
          el("span", { class: "value" }, text(amount)),
        ),
      ),
    ),
  );
}
