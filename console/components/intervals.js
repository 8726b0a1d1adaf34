// Scores with their 95 % intervals on one scale.

import { svg } from "../dom.js";
import { score } from "../format.js";

const WIDE = 420;
const NAME = 118;
const NUMBERS = 42;
const ROW = 30;

/** rows: [{name, value, low?, high?, own?}] */
export function intervals(title, rows) {
  const values = rows.flatMap((row) => [row.value, row.low ?? row.value, row.high ?? row.value]);
  const least = Math.min(...values);
  const low = least > 0.5 ? Math.max(0, Math.floor(least * 10 - 0.5) / 10) : 0;
  const high = Math.max(...values) > 1 ? Math.max(...values) : 1;
  const x = (value) => NAME + ((value - low) / (high - low || 1)) * (WIDE - NAME - NUMBERS - 16);
  const deep = rows.length * ROW;
  const marks = [low, (low + high) / 2, high];
  return svg(
    "svg",
    {
      class: "intervals",
      viewBox: `0 0 ${WIDE} ${deep + 22}`,
      role: "img",
      "aria-label": `${title}. ${rows.map((row) => `${row.name}: ${score(row.value)}${row.low === undefined || row.low === null ? "" : `, 95 % interval ${score(row.low)} to ${score(row.high)}`}`).join("; ")}`,
    },
    marks.map((mark) => [
      svg("line", { class: "grid", x1: x(mark), x2: x(mark), y1: 0, y2: deep }),
      svg("text", { x: x(mark), y: deep + 16, "text-anchor": "middle" }, mark.toFixed(2)),
    ]),
    rows.map((row, at) => {
      const middle = at * ROW + ROW / 2;
      const hasRange = row.low !== undefined && row.low !== null;
      return svg(
        "g",
        { class: row.own ? null : "other" },
        svg("text", { class: "name", x: 0, y: middle + 4 }, row.name),
        hasRange && svg("line", { class: "range", x1: x(row.low), x2: x(row.high), y1: middle, y2: middle }),
        svg("circle", { class: "point", cx: x(row.value), cy: middle, r: 5 }),
        svg("text", { class: "name", x: WIDE, y: middle + 4, "text-anchor": "end" }, score(row.value)),
      );
    }),
  );
}
