// Approving and promoting a model version.

import { path, write } from "../api.js";
import { confirm } from "../components/dialog.js";
import { act } from "../components/notice.js";
import { el } from "../dom.js";
import { score } from "../format.js";

const APPROVABLE = ["evaluated", "refused"];
const PROMOTABLE = ["approved", "retired", "rolled_back"];

/** What is approved is deployed as well; null where there is nothing to decide. */
export function releases({ project, model, signal, after }) {
  const trouble = el("div", {});
  const ask = (what) => write("POST", path("projects", project, "models", String(model.version), what), undefined, signal);
  const shown = `${model.metric} ${score(model.score)}, 95 % interval ${score(model.low)} to ${score(model.high)}.`;

  async function approve(event) {
    const button = event.currentTarget;
    const isRefused = model.state === "refused";
    const goes = await confirm({
      title: isRefused ? `Approve version ${model.version} against the gate?` : `Approve version ${model.version}?`,
      text: [shown, isRefused ? `The gate refused it: ${model.gate_reason} It is deployed all the same, and your name is kept beside the decision.` : "It is then deployed: the endpoint is changed over without a pause, and alarms watch it."],
      action: "Approve",
      harm: isRefused,
    });
    if (goes && (await act(button, () => ask("approve"), { done: `Version ${model.version} is approved and being deployed`, place: trouble }))) after();
  }

  async function promote(event) {
    const button = event.currentTarget;
    const goes = await confirm({
      title: `Make version ${model.version} the champion?`,
      text: [shown, "The endpoint is changed over without a pause, alarms watch it, and the present champion can be rolled back to."],
      action: "Promote",
    });
    if (goes && (await act(button, () => ask("promote"), { done: `Version ${model.version} is being deployed`, place: trouble }))) after();
  }

  const buttons = [
    APPROVABLE.includes(model.state) && el("button", { class: model.state === "refused" ? "button" : "button main-action", type: "button", onclick: approve }, "Approve"),
    PROMOTABLE.includes(model.state) && el("button", { class: "button main-action", type: "button", onclick: promote }, "Promote"),
  ].filter(Boolean);
  return buttons.length > 0 ? el("div", { class: "stack tight" }, el("div", { class: "row" }, buttons), trouble) : null;
}
