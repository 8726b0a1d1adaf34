// Who read or changed what.

import { field, select } from "../components/field.js";
import { listing } from "../components/listing.js";
import { empty } from "../components/notice.js";
import { state } from "../components/state.js";
import { table } from "../components/table.js";
import { el } from "../dom.js";
import { time } from "../format.js";
import { head } from "./head.js";

export async function show(root, { projects, signal }) {
  const wanted = { project: "", actor: "" };
  const actor = el("input", { autocomplete: "off", spellcheck: "false" });
  actor.addEventListener("change", () => {
    wanted.actor = actor.value.trim();
    list.reload(true);
  });
  const list = listing({
    where: "/audit",
    query: () => wanted,
    noun: "entry",
    nouns: "entries",
    seconds: 15,
    signal,
    draw: (items) => table({
      caption: "Audit",
      rows: items,
      columns: [
        { name: "When", cell: (row) => time(row.at), keep: true },
        { name: "Who", cell: (row) => [row.actor, el("span", { class: "quiet small" }, ` ${row.role}`)] },
        { name: "What", cell: (row) => row.operation },
        { name: "Project", cell: (row) => row.project },
        { name: "Subject", cell: (row) => row.subject && el("code", {}, row.subject) },
        { name: "Outcome", cell: (row) => state(row.outcome) },
        { name: "Request", cell: (row) => el("code", { class: "small" }, row.request_id) },
      ],
    }),
    nothing: () => empty("No entries", wanted.project || wanted.actor ? "Nothing fits these filters." : "Every read and write of patient-derived data leaves one."),
  });
  root.append(
    head("Audit", { text: "Every read and write of patient-derived data." }),
    el("div", { class: "stack" },
      el("div", { class: "filters" },
        field("Project", select([["", "any"], ...projects.map((one) => [one.name, one.name])], "", (value) => { wanted.project = value; list.reload(true); })),
        field("Person", actor)),
      list.node),
  );
}
