// States as words with a colour; the word alone says it all.

import { el } from "../dom.js";
import { words } from "../format.js";

const TONES = {
  good: ["allowed", "accepted", "completed", "champion", "done", "approved", "ok", "agree"],
  bad: ["hidden", "quarantined", "failed", "refused", "alarm", "critical", "disagree"],
  warn: ["waiting_capacity", "rolled_back", "warning", "stopping", "insufficient_data"],
  busy: ["running", "requested", "received", "deploying"],
};

export function state(name) {
  const key = String(name).toLowerCase();
  const tone = Object.keys(TONES).find((candidate) => TONES[candidate].includes(key));
  return el("span", { class: tone ? `state ${tone}` : "state" }, words(name));
}
