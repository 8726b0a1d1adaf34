// One training job: its curves while it runs, how it ended, and a way to stop it.

import { get, path, write } from "../api.js";
import { chart } from "../components/chart.js";
import { confirm } from "../components/dialog.js";
import { act, empty, problemNotice, waiting } from "../components/notice.js";
import { state } from "../components/state.js";
import { drawer, el, swap } from "../dom.js";
import { duration, number, short, time, words } from "../format.js";
import { poll } from "../poll.js";
import { place } from "../router.js";
import { evidence } from "./evidence.js";
import { head } from "./head.js";

const OPEN = ["requested", "waiting_capacity", "running"];
const NOT_METRICS = ["epoch", "train_loss", "validation_loss", "learning_rate", "seconds"];

export async function show(root, { project, job: name, signal }) {
  const where = path("projects", project, "jobs", name);
  const trouble = el("div", {});
  const said = el("div", {});
  const top = el("div", {}, waiting());
  const curves = el("section", { class: "sheet", "aria-label": "Curves" });
  const proof = el("div", {});
  root.append(top, el("div", { class: "stack wide" }, trouble, said, curves, proof));

  const drawTop = drawer((job) => {
    const cancel = el("button", { class: "button harm", type: "button", "data-key": "cancel", onclick: stop }, "Cancel the job");
    swap(top, head(`Training of version ${job.model_version}`, {
      back: { href: place("p", project, "training"), name: "Training" },
      text: [state(job.state), " ", words(job.cause)],
      actions: OPEN.includes(job.state) ? [cancel] : null,
    }),
    el("dl", { class: "facts" }, [
      ["Job", el("code", {}, job.name)],
      ["Dataset", el("code", {}, short(job.dataset))],
      ["Asked for", time(job.requested_at)],
      ["Started", job.started_at && time(job.started_at)],
      ["Took", job.started_at && job.finished_at && duration(job.started_at, job.finished_at)],
      ["Reason", job.reason],
      ["Model", job.evaluation && el("a", { href: place("p", project, "models", job.model_version) }, `Version ${job.model_version}`)],
    ].filter(([, value]) => value).map(([term, value]) => [el("dt", {}, term), el("dd", {}, value)])));
    if (job.evaluation) swap(proof, el("section", { class: "stack" }, el("h2", {}, "On the locked test images"), el("div", { class: "sheet" }, evidence(job.evaluation))));
  });
  const drawCurves = drawer((epochs, isOpen) => swap(curves, ...plots(epochs, isOpen)));

  const refresh = poll(async () => {
    try {
      const [job, { epochs }] = await Promise.all([get(where, {}, signal), get(`${where}/curves`, {}, signal)]);
      trouble.replaceChildren();
      const hasMoved = drawTop(job);
      return drawCurves(epochs, OPEN.includes(job.state)) || hasMoved;
    } catch (problem) {
      if (problem.name === "AbortError") return false;
      if (top.querySelector(".waiting")) top.replaceChildren(head("Training job", { back: { href: place("p", project, "training"), name: "Training" } }));
      trouble.replaceChildren(problemNotice(problem, () => refresh()));
      throw problem;
    }
  }, 3, signal);

  async function stop(event) {
    const button = event.currentTarget;
    const goes = await confirm({
      title: "Cancel this job?",
      text: ["It stops at its next checkpoint. What it has learned so far becomes no model.", "The dataset version stays, and another training can be asked for."],
      action: "Cancel the job",
      stay: "Let it run",
      harm: true,
    });
    if (!goes) return;
    if (await act(button, () => write("POST", `${where}/cancel`, undefined, signal), { done: "The job is told to stop", place: said })) refresh();
  }
}

function plots(epochs, isOpen) {
  if (epochs.length === 0) {
    return [isOpen ? empty("No epoch is finished yet", "The curves appear here while it trains.") : empty("No curves", "The job ended before its first epoch did.")];
  }
  const line = (key, name) => ({ name, points: epochs.filter((row) => Number.isFinite(row[key])).map((row) => [row.epoch, row[key]]) });
  const metrics = Object.keys(epochs.at(-1)).filter((key) => !NOT_METRICS.includes(key) && Number.isFinite(epochs.at(-1)[key]));
  const keys = ["epoch", "train_loss", "validation_loss", ...metrics, "learning_rate", "seconds"].filter((key) => key in epochs.at(-1));
  return [
    el("div", { class: "row spread" }, el("h2", {}, "Curves"), el("span", { class: "small quiet" }, isOpen ? `epoch ${epochs.at(-1).epoch}, going on` : `${epochs.length} epochs`)),
    el("div", { class: "columns" },
      chart({ title: "Loss", lines: [line("train_loss", "training"), line("validation_loss", "validation")].filter(({ points }) => points.length > 0) }),
      metrics.slice(0, 3).map((key) => chart({ title: words(key.replace("validation_", "Validation ")), lines: [line(key, words(key.replace("validation_", "")))] })),
    ),
    el("details", { class: "small" }, el("summary", {}, "As numbers"),
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Curves as numbers" },
        el("table", { class: "table" },
          el("thead", {}, el("tr", {}, keys.map((key) => el("th", { scope: "col", class: "number" }, words(key))))),
          el("tbody", {}, epochs.map((row) => el("tr", {}, keys.map((key) => el("td", { class: "number" }, key === "epoch" ? row[key] : number(row[key]))))))))),
  ];
}
