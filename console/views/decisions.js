// What a person can do with a refused image.

import { path, write } from "../api.js";
import { confirm } from "../components/dialog.js";
import { act } from "../components/notice.js";
import { el } from "../dom.js";

export function decisions({ project, image, signal, after, isLittle = false }) {
  const kind = isLittle ? "button little" : "button";
  const name = image.name ?? image.id;
  const ask = (what) => write("POST", path("projects", project, "images", image.id, what), undefined, signal);

  async function release(event) {
    const button = event.currentTarget;
    const goes = await confirm({
      title: "Take this image in as it is?",
      text: [image.sentence ?? "It is in quarantine.", "Release it only after somebody has looked at it: it becomes part of the project like any other, and your name stays in the audit."],
      action: "Release it",
    });
    if (goes && (await act(button, () => ask("release"), { done: "It is taken in now" }))) after();
  }

  async function retry(event) {
    if (await act(event.currentTarget, () => ask("retry"), { done: "It is looked at once more" })) after();
  }

  return el("span", { class: "row" },
    image.releasable && el("button", { class: kind, type: "button", "data-key": `release-${image.id}`, "aria-label": `Release ${name}`, onclick: release }, "Release"),
    el("button", { class: kind, type: "button", "data-key": `retry-${image.id}`, "aria-label": `Retry ${name}`, onclick: retry }, "Retry"),
  );
}
