// One image: its verdict, what is known of it, and the image itself once it is taken in.

import { get, path } from "../api.js";
import { problemNotice, waiting } from "../components/notice.js";
import { state } from "../components/state.js";
import { drawer, el, swap } from "../dom.js";
import { bytes, short, time, words } from "../format.js";
import { people } from "../people.js";
import { poll } from "../poll.js";
import { place } from "../router.js";
import { decisions } from "./decisions.js";
import { head } from "./head.js";
import { looking } from "./looking.js";

export async function show(root, { project, image: id, signal }) {
  const title = el("div", { class: "stack" }, waiting());
  const look = el("div", {});
  const known = el("div", {});
  const trouble = el("div", {});
  root.append(el("div", { class: "stack wide" }, title, trouble, look, known));
  let isShown = false;

  const draw = drawer((image) => {
    swap(title,
      head((people.runs && image.name) || `Image ${short(image.id)}`, { back: { href: place("p", project, "images"), name: "Images" } }),
      image.state === "quarantined" && refusal(project, image, signal, () => refresh()));
    swap(known, el("section", { class: "sheet" }, el("h2", {}, "What is known"), facts(project, image)));
    if (!isShown && image.state === "accepted" && ["labelled", "images", "predict"].includes(image.purpose)) {
      isShown = true;
      look.replaceChildren(looking({ project, image: id, signal }));
    }
  });

  const refresh = poll(async () => {
    try {
      const image = await get(path("projects", project, "images", id), {}, signal);
      trouble.replaceChildren();
      return draw(image);
    } catch (problem) {
      if (problem.name === "AbortError") return false;
      if (title.querySelector(".waiting")) title.replaceChildren(head("Image", { back: { href: place("p", project, "images"), name: "Images" } }));
      trouble.replaceChildren(problemNotice(problem, () => refresh()));
      throw problem;
    }
  }, 6, signal);
}

function refusal(project, image, signal, after) {
  const details = Object.entries(image.facts ?? {});
  return el("div", { class: "notice bad" },
    el("h2", {}, image.sentence ?? words(image.reason)),
    image.hint && el("p", {}, image.hint),
    details.length > 0 && people.runs && el("details", { class: "small" }, el("summary", {}, "Details"),
      el("dl", { class: "facts" }, details.map(([name, value]) => [el("dt", {}, words(name)), el("dd", {}, typeof value === "object" ? JSON.stringify(value) : String(value))]))),
    people.runs && el("div", { class: "row" }, decisions({ project, image, signal, after })),
  );
}

function facts(project, image) {
  const rows = [
    ["State", state(image.state)],
    ["Purpose", image.purpose && [words(image.purpose), image.label ? ` · ${image.label}` : ""]],
    ["Format", image.format],
    ["Modality", image.modality],
    ["Shape", image.shape?.join(" × ")],
    ["Spacing", image.spacing && `${image.spacing.map((value) => Number(value).toPrecision(3)).join(" × ")} mm`],
    ["Size", bytes(image.size)],
    ["Received", time(image.received_at)],
    ["Decided", image.decided_at && time(image.decided_at)],
    ["Warnings", image.warnings?.length > 0 && el("ul", {}, image.warnings.map((text) => el("li", {}, text)))],
    ["Predictions", image.state === "accepted" && el("a", { href: `${place("p", project, "predictions")}?image=${encodeURIComponent(image.id)}` }, "of this image")],
    ["Id", el("code", {}, image.id)],
  ];
  return el("dl", { class: "facts" }, rows.filter(([, value]) => value).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}
