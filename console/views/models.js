// Model versions, and two of them side by side.

import { get, path, write } from "../api.js";
import { confirm } from "../components/dialog.js";
import { listing } from "../components/listing.js";
import { act, empty, problemNotice, waiting } from "../components/notice.js";
import { state } from "../components/state.js";
import { table } from "../components/table.js";
import { when } from "../components/when.js";
import { el } from "../dom.js";
import { score } from "../format.js";
import { place } from "../router.js";
import { evidence } from "./evidence.js";
import { head } from "./head.js";
import { releases } from "./releases.js";

const AT_ONCE = 3;

export async function show(root, { project, signal }) {
  const chosen = new Set();
  let wasChosen = false;
  const versus = el("div", { class: "versus" });
  const trouble = el("div", {});
  const back = el("button", { class: "button", type: "button", onclick: rollBack }, "Roll back");
  const loaded = new Map();

  const list = listing({
    where: path("projects", project, "models"),
    noun: "version",
    seconds: 6,
    signal,
    draw(items) {
      if (!wasChosen) {
        wasChosen = true;
        const champion = items.find((model) => model.state === "champion");
        for (const model of [champion, items.find((model) => model !== champion)]) if (model) chosen.add(model.version);
      }
      compare(items);
      return table({
        caption: "Model versions",
        rows: items,
        open: (model) => place("p", project, "models", model.version),
        key: (model) => `model-${model.version}`,
        columns: [
          { name: "Version", cell: (model) => `Version ${model.version}`, keep: true },
          { name: "State", cell: (model) => state(model.state), keep: true },
          { name: "Score", cell: (model) => `${model.metric} ${score(model.score)}`, keep: true },
          { name: "95 % interval", cell: (model) => `${score(model.low)} – ${score(model.high)}`, keep: true },
          { name: "Gate", cell: (model) => model.gate_reason },
          { name: "Made", cell: (model) => when(model.created_at), keep: true },
          { name: "Compare", cell: (model) => el("input", { type: "checkbox", checked: chosen.has(model.version), "data-key": `compare-${model.version}`, "aria-label": `Compare version ${model.version}`, onchange: (event) => choose(event, model.version, items) }) },
        ],
      });
    },
    nothing: () => empty("No model yet", "Every training job that ends makes one, with its evidence.", el("a", { class: "button", href: place("p", project, "training") }, "Training")),
  });

  function choose(event, version, items) {
    if (!event.target.checked) chosen.delete(version);
    else if (chosen.size < AT_ONCE) chosen.add(version);
    else event.target.checked = false;
    compare(items);
  }

  function compare(items) {
    const models = items.filter((model) => chosen.has(model.version));
    versus.replaceChildren(...models.map((model) => {
      const key = `${model.version} ${model.state}`;
      if (!loaded.has(key)) loaded.set(key, side(project, model, signal, () => list.reload()));
      return loaded.get(key);
    }));
  }

  async function rollBack() {
    const goes = await confirm({
      title: "Roll back to the champion before?",
      text: ["The endpoint is given the previous champion, and predictions come from it again.", "The present one stays in the registry as rolled back."],
      action: "Roll back",
      harm: true,
    });
    if (goes && (await act(back, () => write("POST", path("projects", project, "rollback"), undefined, signal), { done: "The roll back is under way", place: trouble }))) list.reload();
  }

  root.append(
    head("Models", { text: "What each version has shown on images it never saw. The gate decides; people approve and promote.", actions: [back] }),
    el("div", { class: "stack wide" }, trouble, list.node,
      el("section", { class: "stack" }, el("h2", {}, "Side by side"), el("p", { class: "small quiet" }, `Choose up to ${AT_ONCE} above.`), versus)),
  );
}

function side(project, model, signal, after) {
  const content = el("div", {}, waiting());
  get(path("projects", project, "models", String(model.version)), {}, signal).then(
    (full) => content.replaceChildren(full.evaluation ? evidence(full.evaluation, true) : empty("No evidence", "This version has no evaluation.")),
    (problem) => problem.name !== "AbortError" && content.replaceChildren(problemNotice(problem)),
  );
  return el("section", { class: model.state === "champion" ? "sheet champion" : "sheet", "aria-label": `Version ${model.version}` },
    el("div", { class: "row spread" }, el("h3", {}, el("a", { href: place("p", project, "models", model.version) }, `Version ${model.version}`)), state(model.state)),
    model.gate_reason && el("p", { class: "small" }, model.gate_reason),
    releases({ project, model, signal, after }),
    content,
  );
}
