// All projects that one may see.

import { empty } from "../components/notice.js";
import { table } from "../components/table.js";
import { el } from "../dom.js";
import { people } from "../people.js";
import { place } from "../router.js";
import { head } from "./head.js";

const TASKS = {
  classification: "One class an image",
  multilabel: "Any number of classes an image",
  segmentation: "Structures",
};

export async function show(root, { projects, reloadProjects }) {
  const add = people.runs && el("a", { class: "button main-action", href: "#/new" }, "New project");
  root.append(
    head("Projects", { text: "One project is one question asked of one kind of image.", actions: add && projects.length > 0 ? [add] : null }),
    el("div", { class: "sheet flush" },
      projects.length > 0
        ? table({
            caption: "Projects",
            rows: projects,
            open: (project) => place("p", project.name, people.runs ? "overview" : "predictions"),
            columns: [
              { name: "Name", cell: (project) => project.name },
              { name: "Task", cell: (project) => TASKS[project.task] ?? project.task },
              { name: "Images", cell: (project) => (project.spatial_dims === 3 ? "Volumes" : "Pictures"), keep: true },
              { name: "Classes", cell: (project) => project.classes.join(", ") },
            ],
          })
        : people.runs
          ? empty("No project yet", "A project names the task and its classes. Images, models and predictions belong to it.", add)
          : empty(people.role ? "No project is granted to you" : "You have no role yet", people.role ? "Ask an administrator to grant you one, then try again." : "Ask an administrator to make you an engineer or a medical reader, then sign in again.",
              el("button", { class: "button", type: "button", onclick: async () => { await reloadProjects(); location.reload(); } }, "Try again")),
    ),
  );
}
