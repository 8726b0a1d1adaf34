// The loop as it runs: what is where, what waits, what was refused, and what needs a person.

import { get, path, write } from "../api.js";
import { bars } from "../components/bars.js";
import { confirm } from "../components/dialog.js";
import { act, problemNotice, waiting } from "../components/notice.js";
import { state } from "../components/state.js";
import { table } from "../components/table.js";
import { when } from "../components/when.js";
import { drawer, el, swap } from "../dom.js";
import { count, plural, score, words } from "../format.js";
import { people } from "../people.js";
import { poll } from "../poll.js";
import { place } from "../router.js";
import { head } from "./head.js";

const SECONDS = 4;
const OPEN_JOBS = ["requested", "waiting_capacity", "running", "stopping"];

export async function show(root, { project, signal }) {
  const trouble = el("div", {});
  const picture = el("div", {}, waiting());
  const below = el("div", { class: "stack wide" });
  const queues = el("div", {});
  root.append(
    head("Overview", {
      text: "From a dropped image to a prediction, and round again.",
      actions: [el("a", { class: "button main-action", href: place("p", project, "images") }, "Add images")],
    }),
    el("div", { class: "stack wide" }, trouble, picture, below, queues),
  );

  const draw = drawer((overview, doors) => {
    swap(picture, beginning(project, overview), pipeline(project, overview, doors));
    swap(below, el("div", { class: "columns" }, refusals(project, overview), balance(overview)), jobs(project, overview));
  });
  const drawQueues = drawer((doors) => swap(queues, queueTable(doors, () => refresh())));

  const refresh = poll(async () => {
    try {
      const [overview, found] = await Promise.all([
        get(path("projects", project, "overview"), {}, signal),
        get("/queues", {}, signal).catch((problem) => {
          if (problem.status === 403) return { queues: [] };
          throw problem;
        }),
      ]);
      trouble.replaceChildren();
      const hasMoved = draw(overview, found.queues);
      return drawQueues(found.queues) || hasMoved;
    } catch (problem) {
      if (problem.name === "AbortError") return false;
      trouble.replaceChildren(problemNotice(problem, () => refresh()));
      if (!picture.querySelector(".flow")) picture.replaceChildren();
      throw problem;
    }
  }, SECONDS, signal);
}

const sum = (counts) => Object.values(counts ?? {}).reduce((a, b) => a + b, 0);

function pipeline(project, overview, doors) {
  const { uploads, images, jobs: byJob, models, predictions, champion } = overview;
  const to = (view, query = "") => `${place("p", project, view)}${query}`;
  const inFlight = uploads.received ?? 0;
  const working = OPEN_JOBS.reduce((total, name) => total + (byJob[name] ?? 0), 0);
  const waits = predictions.requested ?? 0;
  const dead = doors.reduce((total, queue) => total + queue.dead, 0);
  const moving = doors.reduce((total, queue) => total + queue.waiting + queue.in_flight, 0);
  const outcome = (name, query, tone) =>
    el("li", { class: tone && uploads[name] ? tone : null }, el("a", { href: to("images", query), "data-key": `outcome-${name}` }, name), el("span", {}, count(uploads[name])));
  const stage = (title, figure, detail, { isMoving = false } = {}) =>
    el("li", { class: isMoving ? "moving" : null },
      el("h3", {}, title),
      el("span", { class: "count" }, figure),
      [detail].flat().filter(Boolean).map((line) => (line instanceof Node ? line : el("span", { class: "detail" }, line))),
    );
  return [el("h2", { class: "unseen" }, "Pipeline"), el("ol", { class: "flow" },
    stage("Uploaded", count(sum(uploads)), dead > 0 ? el("span", { class: "detail bad" }, el("a", { href: "#queues", "data-key": "dead", onclick: toQueues }, `${count(dead)} dead-lettered, all projects`)) : "object versions"),
    stage("In flight", count(inFlight), moving > 0 ? `${count(moving)} messages, all projects` : "nothing waits", { isMoving: inFlight > 0 }),
    stage("Taken in", count(uploads.accepted),
      el("ul", { class: "outcomes" }, outcome("accepted", "?state=accepted"), outcome("quarantined", "?state=quarantined", "bad"), outcome("ignored", "?state=ignored"))),
    stage("Dataset", count((images.labelled ?? 0) + (images.images ?? 0)), [`${count(images.labelled)} with their class`, el("span", { class: "detail" }, el("a", { href: to("datasets"), "data-key": "datasets" }, "frozen versions"))]),
    stage("Training", count(working), [working > 0 ? "running or waiting" : "none runs", el("span", { class: "detail" }, el("a", { href: to("training"), "data-key": "training" }, plural(sum(byJob), "job")))], { isMoving: working > 0 }),
    stage("Models", count(sum(models)), [el("span", { class: "detail" }, el("a", { href: to("models"), "data-key": "models" }, `${count((models.approved ?? 0) + (models.champion ?? 0))} approved`)), models.refused ? `${count(models.refused)} refused by the gate` : null]),
    stage("Endpoint", champion ? `Version ${champion.version}` : "None", champion ? `${champion.metric} ${score(champion.score)}` : "no champion yet", { isMoving: Boolean(models.deploying) }),
    stage("Predictions", count(predictions.done), [waits > 0 ? `${count(waits)} under way` : null, predictions.failed ? `${count(predictions.failed)} failed` : null, el("span", { class: "detail" }, el("a", { href: to("predictions"), "data-key": "predictions" }, "look at them"))], { isMoving: waits > 0 }),
  )];
}

/** What to do first, while there is nothing. */
function beginning(project, { uploads }) {
  if (sum(uploads) > 0) return null;
  return el("div", { class: "notice first" },
    el("h2", {}, "Nothing has been uploaded yet"),
    el("p", {}, "Add images with their labels, and train: the first model that passes the gate becomes the champion, and images added for prediction are answered by it."),
    el("div", { class: "row" }, el("a", { class: "button", href: place("p", project, "images"), "data-key": "first" }, "Add the first images")));
}

function toQueues(event) {
  event.preventDefault();
  document.getElementById("queues")?.scrollIntoView();
  document.getElementById("queues")?.focus();
}

function refusals(project, { reasons }) {
  const rows = Object.entries(reasons).sort((a, b) => b[1] - a[1]);
  return el("section", { class: "sheet" },
    el("h2", {}, "Why images were refused"),
    rows.length === 0
      ? el("p", { class: "quiet" }, "Nothing is in quarantine.")
      : bars(rows.slice(0, 8).map(([code, amount]) => [
          el("a", { href: `${place("p", project, "images")}?state=quarantined&reason=${encodeURIComponent(code)}`, "data-key": `reason-${code}` }, words(code)), amount]),
          { most: rows[0][1] }),
    rows.length > 8 && el("p", { class: "small quiet" }, `and ${rows.length - 8} more reasons`),
  );
}

function balance({ balance: classes }) {
  const rows = Object.entries(classes);
  return el("section", { class: "sheet" },
    el("h2", {}, "Label balance"),
    rows.length === 0 ? el("p", { class: "quiet" }, "No image has a label yet.") : bars(rows),
  );
}

function jobs(project, { active_jobs: active }) {
  if (active.length === 0) return null;
  return el("section", { class: "sheet flush" },
    el("h2", {}, "At work now"),
    table({
      caption: "Active jobs",
      rows: active,
      open: (job) => place("p", project, "training", job.name),
      key: (job) => `job-${job.name}`,
      columns: [
        { name: "Job", cell: (job) => `Version ${job.model_version}` },
        { name: "State", cell: (job) => state(job.state) },
        { name: "Cause", cell: (job) => words(job.cause) },
        { name: "Asked for", cell: (job) => when(job.requested_at) },
      ],
    }),
  );
}

function queueTable(doors, refresh) {
  if (doors.length === 0) return null;
  async function redrive(event, queue) {
    const button = event.currentTarget;
    const goes = await confirm({
      title: `Redrive ${words(queue.door)}?`,
      text: [`${plural(queue.dead, "message")} go back to their queue and are worked on once more.`, "Do this after the cause is gone: what fails again comes back here."],
      action: "Redrive",
    });
    if (goes) await act(button, () => write("POST", path("queues", queue.door, "redrive")), { done: "Sent back to the queue" });
    refresh();
  }
  const isQuiet = doors.every((queue) => queue.waiting + queue.in_flight + queue.dead === 0);
  return el("section", { class: "sheet flush", id: "queues", tabindex: "-1" },
    el("h2", {}, "Queues"),
    isQuiet
      ? el("p", { class: "quiet inset" }, `All ${doors.length} are empty, and nothing was given up.`)
      : table({
          caption: "Queues",
          rows: [...doors].sort((a, b) => b.dead - a.dead || b.waiting + b.in_flight - a.waiting - a.in_flight),
          columns: [
            { name: "Door", cell: (queue) => words(queue.door) },
            { name: "Waiting", cell: (queue) => count(queue.waiting), number: true },
            { name: "In flight", cell: (queue) => count(queue.in_flight), number: true },
            { name: "Dead-lettered", cell: (queue) => (queue.dead > 0 ? el("span", { class: "state bad" }, count(queue.dead)) : "0"), number: true },
            ...(people.isAdmin ? [{ name: "", cell: (queue) => queue.dead > 0 && el("button", { class: "button little", type: "button", "data-key": `redrive-${queue.door}`, "aria-label": `Redrive ${words(queue.door)}`, onclick: (event) => redrive(event, queue) }, "Redrive") }] : []),
          ],
        }),
  );
}
