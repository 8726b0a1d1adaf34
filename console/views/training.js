// Training jobs, and asking for one.

import { path, write } from "../api.js";
import { confirm } from "../components/dialog.js";
import { listing } from "../components/listing.js";
import { act, empty } from "../components/notice.js";
import { state } from "../components/state.js";
import { table } from "../components/table.js";
import { when } from "../components/when.js";
import { el } from "../dom.js";
import { duration, short, words } from "../format.js";
import { place } from "../router.js";
import { head } from "./head.js";

export async function show(root, { project, signal }) {
  const trouble = el("div", {});
  const ask = el("button", { class: "button main-action", type: "button", onclick: train }, "Train now");
  const list = listing({
    where: path("projects", project, "jobs"),
    noun: "job",
    seconds: 5,
    signal,
    draw: (items) => table({
      caption: "Training jobs",
      rows: items,
      open: (job) => place("p", project, "training", job.name),
      key: (job) => job.name,
      columns: [
        { name: "Makes", cell: (job) => `Version ${job.model_version}` },
        { name: "State", cell: (job) => state(job.state), keep: true },
        { name: "Cause", cell: (job) => words(job.cause) },
        { name: "Dataset", cell: (job) => el("code", {}, short(job.dataset)) },
        { name: "Asked for", cell: (job) => when(job.requested_at), keep: true },
        { name: "Took", cell: (job) => (job.started_at ? duration(job.started_at, job.finished_at) : null), keep: true },
        { name: "Reason", cell: (job) => job.reason },
      ],
    }),
    nothing: () => empty("No training yet", "One is started by enough new labels, by the schedule, by drift, or by you."),
  });

  async function train() {
    const goes = await confirm({
      title: "Train a model now?",
      text: ["The labelled images of this moment are frozen into a dataset version, and a job learns from it.", "On AWS this takes a GPU machine, within the limits of the project's definition."],
      action: "Train now",
    });
    if (!goes) return;
    if (await act(ask, () => write("POST", path("projects", project, "jobs"), {}, signal), { done: "A training is asked for", place: trouble })) {
      setTimeout(() => list.reload(), 1500);
    }
  }

  root.append(
    head("Training", { text: "Every job learns from one frozen dataset and makes one model version.", actions: [ask] }),
    el("div", { class: "stack" }, trouble, list.node),
  );
}
