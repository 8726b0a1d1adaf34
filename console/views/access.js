// Who may work on which project.

import { path, write } from "../api.js";
import { confirm } from "../components/dialog.js";
import { field, select } from "../components/field.js";
import { listing } from "../components/listing.js";
import { act, empty } from "../components/notice.js";
import { table } from "../components/table.js";
import { el } from "../dom.js";
import { time } from "../format.js";
import { head } from "./head.js";

export async function show(root, { projects, signal }) {
  const trouble = el("div", {});
  const user = el("input", { required: true, autocomplete: "off", spellcheck: "false", maxlength: 128 });
  const project = select(projects.map((one) => [one.name, one.name]), projects[0]?.name);
  const button = el("button", { class: "button main-action", type: "submit" }, "Grant");
  const list = listing({
    where: "/grants",
    noun: "grant",
    signal,
    draw: (items) => table({
      caption: "Grants",
      rows: items,
      columns: [
        { name: "Person", cell: (grant) => grant.person },
        { name: "Project", cell: (grant) => grant.project },
        { name: "Granted", cell: (grant) => time(grant.granted_at), keep: true },
        { name: "By", cell: (grant) => grant.granted_by },
        { name: "", cell: (grant) => el("button", { class: "button little", type: "button", "data-key": `${grant.person} ${grant.project}`, "aria-label": `Take away ${grant.project} from ${grant.person}`, onclick: (event) => take(event, grant) }, "Take away") },
      ],
    }),
    nothing: () => empty("No grants yet", "Administrators see every project. Engineers and readers see those that are granted to them."),
  });

  async function give(event) {
    event.preventDefault();
    if (await act(button, () => write("PUT", path("grants", user.value.trim(), project.value), undefined, signal), { done: "Granted", place: trouble })) {
      user.value = "";
      list.reload();
    }
  }
  async function take(event, grant) {
    const pressed = event.currentTarget;
    const goes = await confirm({ title: "Take this project away?", text: `${grant.person} no longer sees ${grant.project}. What they did there stays in the audit.`, action: "Take away", harm: true });
    if (goes && (await act(pressed, () => write("DELETE", path("grants", grant.person, grant.project), undefined, signal), { done: "Taken away", place: trouble }))) list.reload();
  }

  root.append(
    head("Access", { text: "Roles come from the sign-in; projects are granted here." }),
    el("div", { class: "stack" },
      el("form", { class: "sheet filters", onsubmit: give }, field("Person", user), field("Project", project), button),
      trouble, list.node),
  );
}
