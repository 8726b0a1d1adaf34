// Frozen dataset versions, and how the labels are spread.

import { get, path } from "../api.js";
import { bars } from "../components/bars.js";
import { listing } from "../components/listing.js";
import { empty, problemNotice } from "../components/notice.js";
import { table } from "../components/table.js";
import { when } from "../components/when.js";
import { drawer, el, swap } from "../dom.js";
import { bytes, count, plural, short } from "../format.js";
import { poll } from "../poll.js";
import { place } from "../router.js";
import { head } from "./head.js";

export async function show(root, { project, signal }) {
  const balance = el("section", { class: "sheet" });
  const draw = drawer((classes) => {
    const rows = Object.entries(classes).sort((a, b) => b[1] - a[1]);
    swap(balance,
      el("h2", {}, "Label balance now"),
      rows.length === 0
        ? empty("No image has a label yet", "Drop examples of each class, or labels for the images that are there.", el("a", { class: "button", href: place("p", project, "images") }, "Add images"))
        : el("div", { class: "stack" }, bars(rows), uneven(rows)));
  });
  const list = listing({
    where: path("projects", project, "datasets"),
    noun: "version",
    signal,
    draw: (items) => table({
      caption: "Dataset versions",
      rows: items,
      columns: [
        { name: "Version", cell: (dataset) => el("code", { title: dataset.id }, short(dataset.id)) },
        { name: "Samples", cell: (dataset) => count(dataset.samples), number: true },
        { name: "Sides and classes", cell: (dataset) => sides(dataset.counts) },
        { name: "Left out", cell: (dataset) => (dataset.excluded === null ? null : count(dataset.excluded)), number: true },
        { name: "Size", cell: (dataset) => bytes(dataset.bytes), number: true },
        { name: "Frozen", cell: (dataset) => when(dataset.created_at), keep: true },
      ],
    }),
    nothing: () => empty("No dataset version yet", "One is frozen whenever a training is asked for: what a model learned from never changes afterwards."),
  });
  root.append(
    head("Datasets", { text: "What models learn from. Patients never cross from one side to another." }),
    el("div", { class: "stack wide" }, balance, el("section", { class: "stack" }, el("h2", {}, "Versions"), list.node)),
  );
  poll(async () => {
    try {
      return draw((await get(path("projects", project, "overview"), {}, signal)).balance);
    } catch (problem) {
      if (problem.name !== "AbortError" && !balance.querySelector(".bars")) swap(balance, problemNotice(problem));
      throw problem;
    }
  }, 15, signal);
}

function uneven(rows) {
  const most = rows[0];
  const least = rows.at(-1);
  if (rows.length < 2 || most[1] < 10 * Math.max(1, least[1])) return null;
  return el("p", { class: "small quiet" }, `“${least[0]}” has ${plural(least[1], "example")} beside ${count(most[1])} of “${most[0]}”: its score will be uncertain.`);
}

function sides(counts) {
  return el("details", {},
    el("summary", {}, Object.entries(counts).map(([side, classes]) => `${side} ${count(Object.values(classes).reduce((a, b) => a + b, 0))}`).join(" · ")),
    el("div", { class: "stack" }, Object.entries(counts).map(([side, classes]) => el("div", { class: "stack tight" }, el("h3", {}, side), bars(Object.entries(classes))))),
  );
}
