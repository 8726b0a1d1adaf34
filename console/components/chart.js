// Lines over epochs: at most two, told apart by colour and by dashes, with the values under the pointer in words.

import { el, svg } from "../dom.js";
import { number } from "../format.js";

const WIDE = 520;
const HIGH = 220;
const EDGE = { left: 52, right: 12, top: 10, bottom: 30 };

/** lines: [{name, points: [[x, y], …]}, …] */
export function chart({ title, lines, across = "epoch" }) {
  const points = lines.flatMap((line) => line.points);
  const xs = points.map(([x]) => x);
  const [left, right] = spread(Math.min(...xs), Math.max(...xs), 1);
  const marks = ticks(Math.min(...points.map(([, y]) => y)), Math.max(...points.map(([, y]) => y)));
  const [low, high] = [marks[0], marks.at(-1)];
  const x = (value) => EDGE.left + ((value - left) / (right - left)) * (WIDE - EDGE.left - EDGE.right);
  const y = (value) => HIGH - EDGE.bottom - ((value - low) / (high - low)) * (HIGH - EDGE.top - EDGE.bottom);
  const at = svg("line", { class: "at", y1: EDGE.top, y2: HIGH - EDGE.bottom, visibility: "hidden" });
  const keys = lines.map((line, place) => {
    const value = el("b", {}, number(line.points.at(-1)[1]));
    return { value, node: el("span", { class: place === 0 ? "key" : "key two" }, line.name, " ", value) };
  });
  const where = el("span", {}, `${across} ${xs.at(-1)}`);

  function point(event) {
    const box = drawing.getBoundingClientRect();
    const wanted = left + (((event.clientX - box.left) / box.width) * WIDE - EDGE.left) / (WIDE - EDGE.left - EDGE.right) * (right - left);
    const nearest = [...new Set(xs)].reduce((best, value) => (Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best));
    show(nearest, true);
  }

  function show(epoch, marked) {
    at.setAttribute("x1", x(epoch));
    at.setAttribute("x2", x(epoch));
    at.setAttribute("visibility", marked ? "visible" : "hidden");
    where.textContent = `${across} ${epoch}`;
    lines.forEach((line, place) => {
      const found = line.points.find(([value]) => value === epoch);
      keys[place].value.textContent = found ? number(found[1]) : "–";
    });
  }

  const last = Math.max(...xs);
  const drawing = svg(
    "svg",
    {
      viewBox: `0 0 ${WIDE} ${HIGH}`,
      role: "img",
      "aria-label": `${title}: ${lines.map((line) => `${line.name} ${number(line.points.at(-1)[1])} at ${across} ${line.points.at(-1)[0]}`).join(", ")}`,
      onpointermove: point,
      onpointerleave: () => show(last, false),
    },
    marks.map((mark) => [
      svg("line", { class: "grid", x1: EDGE.left, x2: WIDE - EDGE.right, y1: y(mark), y2: y(mark) }),
      svg("text", { class: "axis", x: EDGE.left - 8, y: y(mark) + 4, "text-anchor": "end" }, number(mark)),
    ]),
    whole(left, right).map((mark) => svg("text", { class: "axis", x: x(mark), y: HIGH - 8, "text-anchor": "middle" }, mark)),
    at,
    lines.map((line, place) => {
      const kind = place === 0 ? "one" : "two";
      const path = line.points.map(([px, py], index) => `${index === 0 ? "M" : "L"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("");
      const [px, py] = line.points.at(-1);
      return [svg("path", { class: `line ${kind}`, d: path }), svg("circle", { class: `dot ${kind}`, cx: x(px), cy: y(py), r: 3.5 })];
    }),
  );
  return el("figure", { class: "chart" }, el("h3", {}, title), drawing, el("figcaption", {}, where, keys.map((key) => key.node)));
}

function spread(low, high, least) {
  return high - low < least ? [low - least / 2, low + least / 2] : [low, high];
}

/** Round values from below `low` to above `high`. */
function ticks(low, high) {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw);
  const found = [];
  for (let at = Math.floor(low / step); at <= Math.ceil(high / step); at += 1) found.push(Number((at * step).toPrecision(12)));
  return found.length > 1 ? found : [found[0], found[0] + step];
}

function whole(left, right) {
  const step = Math.max(1, Math.ceil((right - left) / 6));
  const found = [];
  for (let at = Math.ceil(left); at <= right; at += step) found.push(at);
  return found;
}
