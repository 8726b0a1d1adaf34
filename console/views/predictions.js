// Predictions of a project.

import { path } from "../api.js";
import { field, select } from "../components/field.js";
import { listing } from "../components/listing.js";
import { empty } from "../components/notice.js";
import { state } from "../components/state.js";
import { table } from "../components/table.js";
import { when } from "../components/when.js";
import { el } from "../dom.js";
import { label, number, percent, short } from "../format.js";
import { people } from "../people.js";
import { place } from "../router.js";
import { head } from "./head.js";
import { rememberOrder } from "./neighbours.js";

export async function show(root, { project, query, signal }) {
  const wanted = { state: "", image: query.get("image") ?? "" };
  const list = listing({
    where: path("projects", project, "predictions"),
    query: () => wanted,
    noun: "prediction",
    seconds: 6,
    signal,
    draw(items) {
      rememberOrder(project, items.map((prediction) => prediction.id));
      return rows(project, items);
    },
    nothing: () => wanted.state || wanted.image
      ? empty("No prediction fits", "Take the filter away to see all.")
      : empty("No predictions yet", people.runs ? "Images added for prediction are answered as soon as the project has a champion." : "They appear here as images are answered.",
          people.runs && el("a", { class: "button", href: place("p", project, "images") }, "Add images")),
  });
  root.append(
    head("Predictions", { text: "What the champion says of images it never saw. Not for diagnosis." }),
    el("div", { class: "stack" },
      el("div", { class: "filters" },
        field("State", select([["", "any"], ["done", "done"], ["requested", "requested"], ["failed", "failed"]], "", (value) => { wanted.state = value; list.reload(true); })),
        wanted.image && el("p", {}, "Of image ", el("code", {}, short(wanted.image)), " · ", el("a", { href: place("p", project, "predictions") }, "show all")),
      ),
      list.node,
    ),
  );
}

function answer(prediction) {
  if (prediction.state === "failed") return prediction.reason;
  if (prediction.state !== "done") return null;
  const volumes = Object.entries(prediction.volumes ?? {});
  if (volumes.length > 0) return volumes.slice(0, 4).map(([name, value]) => `${name} ${number(value)}`).join(" · ");
  return [
    el("strong", {}, label(prediction.label)),
    prediction.confidence !== null && el("span", { class: "quiet" }, ` ${percent(prediction.confidence)} `),
    prediction.warnings.length > 0 && el("span", { class: "state warn" }, "warning"),
  ];
}

function readers(reviews) {
  if (reviews.length === 0) return null;
  const agreeing = reviews.filter((review) => review.verdict === "agree").length;
  const others = reviews.length - agreeing;
  return el("span", { class: "row" }, agreeing > 0 && el("span", { class: "state good" }, `${agreeing} agree`), others > 0 && el("span", { class: "state bad" }, `${others} disagree`));
}

function rows(project, items) {
  return table({
    caption: "Predictions",
    rows: items,
    open: (prediction) => place("p", project, "predictions", prediction.id),
    key: (prediction) => prediction.id,
    columns: [
      { name: "Image", cell: (prediction) => el("code", {}, short(prediction.image)), keep: true },
      { name: "State", cell: (prediction) => state(prediction.state), keep: true },
      { name: "Answer", cell: (prediction) => answer(prediction) },
      { name: "Model", cell: (prediction) => `Version ${prediction.model_version}`, keep: true },
      { name: "Readers", cell: (prediction) => readers(prediction.reviews) },
      { name: "Finished", cell: (prediction) => when(prediction.finished_at ?? prediction.requested_at), keep: true },
    ],
  });
}
