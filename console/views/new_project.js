// A new project: name, task, dimensions, classes; everything else has a default.

import { get, path, write } from "../api.js";
import { choices, field } from "../components/field.js";
import { act } from "../components/notice.js";
import { el } from "../dom.js";
import { go, place } from "../router.js";
import { head } from "./head.js";

const NAME = "[a-z0-9]([a-z0-9\\-]{0,30}[a-z0-9])?";

export async function show(root, { signal, reloadProjects }) {
  let task = "classification";
  let dims = "2";
  const name = el("input", { name: "name", required: true, pattern: NAME, maxlength: 32, autocomplete: "off", spellcheck: "false" });
  const classes = el("textarea", { name: "classes", rows: 4, required: true, autocomplete: "off" });
  const trouble = el("div", {});
  const button = el("button", { class: "button main-action", type: "submit" }, "Create the project");

  async function create(event) {
    event.preventDefault();
    const names = [...new Set(classes.value.split(/[\n,]/).map((one) => one.trim()).filter(Boolean))];
    await act(button, async () => {
      await write("PUT", path("projects", name.value), { project: name.value, task, spatial_dims: Number(dims), classes: names }, signal);
      await appears(name.value, signal);
      await reloadProjects();
      go(place("p", name.value, "overview"));
    }, { place: trouble, done: "The project is there" });
  }

  root.append(
    head("New project", { back: { href: "#/", name: "Projects" } }),
    el("form", { class: "sheet form", onsubmit: create },
      field("Name", name, "Lower-case letters, digits and hyphens, at most 32; no name of a patient or a study."),
      choices("Task", "task", [["classification", "One class an image"], ["multilabel", "Several classes an image"], ["segmentation", "Outline structures"]], task, (value) => (task = value)),
      choices("One sample is", "dims", [["2", "a picture"], ["3", "a volume"]], dims, (value) => (dims = value)),
      field("Classes or structures", classes, "One a line, or with commas between; at least two to tell apart."),
      trouble,
      el("div", { class: "row" }, button, el("a", { class: "button", href: "#/" }, "Cancel")),
    ),
  );
}

/** A definition goes in by the same door as an uploaded project.yaml: it is there a moment later. */
async function appears(name, signal) {
  for (let tries = 0; tries < 20; tries += 1) {
    try {
      return await get(path("projects", name), {}, signal);
    } catch (problem) {
      if (problem.status !== 404) throw problem;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  throw Object.assign(new Error(), { title: "The project has not appeared yet", remedy: "Its definition was taken in; look at the list of projects in a minute." });
}
