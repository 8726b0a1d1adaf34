// One model version: its evidence, its card and plots, and what may be done with it.

import { get, path } from "../api.js";
import { problemNotice, waiting } from "../components/notice.js";
import { state } from "../components/state.js";
import { fetchFile, save } from "../download.js";
import { drawer, el, swap } from "../dom.js";
import { time } from "../format.js";
import { poll } from "../poll.js";
import { place } from "../router.js";
import { evidence } from "./evidence.js";
import { head } from "./head.js";
import { markdown } from "./markdown.js";
import { releases } from "./releases.js";

export async function show(root, { project, version, signal }) {
  const where = path("projects", project, "models", version);
  const trouble = el("div", {});
  const body = el("div", {}, waiting());
  root.append(trouble, body);
  const draw = drawer((model) => swap(body,
    head(`Version ${model.version}`, { back: { href: place("p", project, "models"), name: "Models" }, text: [state(model.state), " ", model.gate_reason ?? ""] }),
    el("div", { class: "stack wide" },
      releases({ project, model, signal, after: () => refresh() }),
      el("section", { class: "sheet" }, el("h2", {}, "Evidence"), model.evaluation ? evidence(model.evaluation) : el("p", { class: "quiet" }, "This version has no evaluation.")),
      el("section", { class: "sheet" }, el("h2", {}, "History"),
        el("dl", { class: "facts" }, [
          ["Job", model.job && el("a", { href: place("p", project, "training", model.job) }, model.job)],
          ["Made", time(model.created_at)],
          ["Approved", model.approved_at && time(model.approved_at)],
          ["Promoted", model.promoted_at && time(model.promoted_at)],
        ].filter(([, value]) => value).map(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]))),
      files(where, model.files ?? [], signal),
    )));
  const refresh = poll(async () => {
    try {
      const model = await get(where, {}, signal);
      trouble.replaceChildren();
      return draw(model);
    } catch (problem) {
      if (problem.name === "AbortError") return false;
      if (body.querySelector(".waiting")) body.replaceChildren(head("Model", { back: { href: place("p", project, "models"), name: "Models" } }));
      trouble.replaceChildren(problemNotice(problem, () => refresh()));
      throw problem;
    }
  }, 8, signal);
}

function files(where, list, signal) {
  if (list.length === 0) return null;
  const at = (name) => `${where}/files/${encodeURIComponent(name)}`;
  const plots = list.filter((file) => file.media_type.startsWith("image/") && file.media_type !== "image/svg+xml");
  const card = list.find((file) => file.media_type.startsWith("text/markdown") || file.name.endsWith(".md"));
  const others = list.filter((file) => file !== card && !plots.includes(file));
  const text = el("div", { class: "card-text" }, waiting());
  if (card) {
    fetchFile(at(card.name), signal).then(
      ({ buffer }) => text.replaceChildren(...markdown(new TextDecoder().decode(buffer))),
      (problem) => problem.name !== "AbortError" && text.replaceChildren(problemNotice(problem)),
    );
  }
  return el("section", { class: "sheet stack" },
    el("h2", {}, "Model card"),
    plots.length > 0 && el("div", { class: "plots" }, plots.map((file) => plot(at(file.name), file, signal))),
    card && text,
    others.length > 0 && el("div", { class: "row" }, others.map((file) =>
      el("button", { class: "button little", type: "button", onclick: async () => { const { buffer, mediaType } = await fetchFile(at(file.name), signal); save(buffer, mediaType, file.name); } }, file.name))),
  );
}

function plot(where, file, signal) {
  const name = file.name.replace(/\.\w+$/, "").replaceAll("_", " ");
  const figure = el("figure", {}, waiting(name));
  fetchFile(where, signal).then(
    ({ buffer, mediaType }) => {
      const url = URL.createObjectURL(new Blob([buffer], { type: mediaType }));
      signal.addEventListener("abort", () => URL.revokeObjectURL(url));
      figure.replaceChildren(el("img", { src: url, alt: name }), el("figcaption", { class: "small quiet" }, name));
    },
    (problem) => problem.name !== "AbortError" && figure.replaceChildren(problemNotice(problem)),
  );
  return figure;
}
