// Images of a project: adding them, what became of them, and what to do with the refused ones.

import { path } from "../api.js";
import { field, select } from "../components/field.js";
import { listing } from "../components/listing.js";
import { empty } from "../components/notice.js";
import { state } from "../components/state.js";
import { table } from "../components/table.js";
import { when } from "../components/when.js";
import { el } from "../dom.js";
import { bytes, short, words } from "../format.js";
import { people } from "../people.js";
import { place } from "../router.js";
import { panel } from "../upload/panel.js";
import { decisions } from "./decisions.js";
import { head } from "./head.js";

const STATES = ["accepted", "quarantined", "received", "ignored"];
const PURPOSES = ["labelled", "images", "labels", "predict"];

export async function show(root, { project, definition, query, signal }) {
  const wanted = { state: query.get("state") ?? "", reason: query.get("reason") ?? "", purpose: query.get("purpose") ?? "" };
  const reasons = new Set(wanted.reason ? [wanted.reason] : []);
  const reason = el("input", { list: "reasons", value: wanted.reason, autocomplete: "off", spellcheck: "false", size: 22 });
  const known = el("datalist", { id: "reasons" });
  const change = (name) => (value) => {
    wanted[name] = value.trim().replaceAll(" ", "_");
    list.reload(true);
  };
  reason.addEventListener("change", () => change("reason")(reason.value));

  const list = listing({
    where: path("projects", project, "images"),
    query: () => wanted,
    noun: "image",
    seconds: 6,
    signal,
    draw(items) {
      for (const image of items) if (image.reason) reasons.add(image.reason);
      known.replaceChildren(...Array.from(reasons, (code) => el("option", { value: code })));
      return imageTable(project, items, () => list.reload(), signal);
    },
    nothing: () => Object.values(wanted).some(Boolean)
      ? empty("No image fits these filters", "Take one of them away to see more.")
      : empty("No images yet", people.runs ? "Drop some above. Each gets a verdict within seconds." : "Nothing has been taken in for this project."),
  });

  root.append(
    head("Images", { text: people.runs ? "Every file gets a verdict, and every refusal a reason." : "De-identified images of this project." }),
    el("div", { class: "stack wide" },
      people.runs && panel({ project, definition, signal }),
      el("section", { class: "stack", "aria-label": "Images" },
        el("div", { class: "filters" },
          field("State", select([["", "any"], ...STATES.map((name) => [name, name])], wanted.state, change("state"))),
          field("Purpose", select([["", "any"], ...PURPOSES.map((name) => [name, name])], wanted.purpose, change("purpose"))),
          people.runs && field("Reason", reason),
          known,
        ),
        list.node,
      ),
    ),
  );
}

function imageTable(project, items, reload, signal) {
  const isRefused = items.some((image) => image.state === "quarantined");
  return table({
    caption: "Images",
    rows: items,
    open: (image) => place("p", project, "images", image.id),
    key: (image) => image.id,
    columns: [
      { name: "Image", cell: (image) => (people.runs && image.name) || el("code", {}, short(image.id)) },
      { name: "State", cell: (image) => state(image.state), keep: true },
      { name: "Purpose", cell: (image) => [image.purpose && words(image.purpose), image.label && el("span", { class: "quiet" }, ` · ${image.label}`)], keep: true },
      ...(isRefused ? [{ name: "Reason", wide: true, cell: (image) => image.reason && [image.sentence, " ", el("span", { class: "quiet" }, image.hint)] }] : []),
      { name: "Size", cell: (image) => bytes(image.size), number: true },
      { name: "Received", cell: (image) => when(image.received_at), keep: true },
      ...(isRefused && people.runs ? [{ name: "", cell: (image) => image.state === "quarantined" && decisions({ project, image, signal, after: reload, isLittle: true }) }] : []),
    ],
  });
}
