// One prediction: the image with what was found in it, what it says in numbers, its files, and the readers' word.

import { get, path, write } from "../api.js";
import { bars } from "../components/bars.js";
import { field, select } from "../components/field.js";
import { act, empty, problemNotice, waiting } from "../components/notice.js";
import { state } from "../components/state.js";
import { table } from "../components/table.js";
import { when } from "../components/when.js";
import { fetchFile, save } from "../download.js";
import { drawer, el, swap } from "../dom.js";
import { bytes, label, number, percent, short, time } from "../format.js";
import { people } from "../people.js";
import { poll } from "../poll.js";
import { place } from "../router.js";
import { head } from "./head.js";
import { looking, storedOverlay } from "./looking.js";
import { neighbours } from "./neighbours.js";

const KINDS = {
  json: ["Result as JSON", "result.json"],
  overlay: ["Overlay picture", "overlay.png"],
  mask: ["Mask", "mask"],
  "dicom-seg": ["DICOM segmentation", "segmentation.dcm"],
  "dicom-sr": ["DICOM structured report", "report.dcm"],
  "dicom-sc": ["DICOM secondary capture", "capture.dcm"],
};

export async function show(root, { project, prediction: id, definition, signal }) {
  const where = path("projects", project, "predictions", id);
  const trouble = el("div", {});
  const top = el("div", {}, waiting());
  const look = el("div", {});
  const stored = el("div", {});
  const facts = el("div", {});
  const review = el("div", {});
  const files = el("div", {});
  root.append(top, el("div", { class: "stack wide" }, trouble, look, stored, el("div", { class: "columns" }, facts, review), files));
  const unit = definition.spatial_dims === 3 ? "ml" : "pixels";
  let shown = null;
  signal.addEventListener("abort", () => shown?.abort());

  const drawTop = drawer((prediction) => {
    swap(top, head(title(prediction, definition), { back: { href: place("p", project, "predictions"), name: "Predictions" }, actions: neighbours(project, id), text: [state(prediction.state), ` by version ${prediction.model_version}, `, when(prediction.finished_at ?? prediction.requested_at)] }));
    swap(facts, answer(project, prediction, unit));
  });

  // Files are written after the answer: the picture is shown without its mask until that is there.
  const drawLook = drawer((hasMask, image, volumes) => {
    shown?.abort();
    shown = new AbortController();
    look.replaceChildren(looking({ project, image, names: definition.classes, prediction: where, hasMask, volumes, unit, signal: shown.signal }));
  });
  const drawOverlay = (hasOverlay) => {
    if (hasOverlay && !stored.firstChild) stored.replaceChildren(storedOverlay(where, signal));
  };
  const drawReview = drawer((prediction) => swap(review, prediction.state === "done" && readers(prediction, definition, where, signal, () => refresh())));
  const drawFiles = drawer((list) => swap(files, fileTable(id, list, where, signal)));

  const refresh = poll(async () => {
    try {
      const prediction = await get(where, {}, signal);
      trouble.replaceChildren();
      const { reviews, files: list, ...rest } = prediction;
      const has = (kind) => list.some((file) => file.kind === kind);
      drawOverlay(has("overlay"));
      const moved = [drawTop(rest), drawLook(has("mask"), rest.image, rest.volumes ?? {}), drawReview({ state: prediction.state, label: prediction.label, reviews }), drawFiles(list)];
      return moved.some(Boolean);
    } catch (problem) {
      if (problem.name === "AbortError") return false;
      if (top.querySelector(".waiting")) top.replaceChildren(head("Prediction", { back: { href: place("p", project, "predictions"), name: "Predictions" } }));
      trouble.replaceChildren(problemNotice(problem, () => refresh()));
      throw problem;
    }
  }, 8, signal);
}

function title(prediction, { task }) {
  if (prediction.state !== "done") return `Prediction of image ${short(prediction.image)}`;
  if (task === "segmentation") return `Structures in image ${short(prediction.image)}`;
  return `${prediction.label ? label(prediction.label) : "No class"}, ${percent(prediction.confidence)}`;
}

function answer(project, prediction, unit) {
  const volumes = Object.entries(prediction.volumes ?? {});
  const probabilities = Object.entries(prediction.probabilities ?? {}).sort((a, b) => b[1] - a[1]);
  return el("section", { class: "sheet stack" },
    el("h2", {}, "What it says"),
    prediction.state === "failed" && el("div", { class: "notice bad" }, el("h3", {}, "There is no answer"), el("p", {}, prediction.reason)),
    prediction.state === "requested" && el("p", { class: "quiet" }, "The answer is under way. A sleeping endpoint takes a few minutes to wake."),
    prediction.warnings?.length > 0 && el("div", { class: "notice warn" }, el("h3", {}, "Read with care"), el("ul", {}, prediction.warnings.map((text) => el("li", {}, text)))),
    volumes.length > 0 && bars(volumes, { text: (value) => `${number(value)} ${unit}` }),
    probabilities.length > 0 && bars(probabilities.slice(0, 12), { most: 1, text: (value) => percent(value, 1) }),
    el("dl", { class: "facts" }, [
      ["Confidence", probabilities.length === 0 && prediction.confidence !== null && percent(prediction.confidence)],
      ["Image", el("a", { href: place("p", project, "images", prediction.image) }, el("code", {}, short(prediction.image)))],
      ["Model", people.runs ? el("a", { href: place("p", project, "models", prediction.model_version) }, `Version ${prediction.model_version}`) : `Version ${prediction.model_version}`],
      ["Asked for", time(prediction.requested_at)],
      ["Finished", prediction.finished_at && time(prediction.finished_at)],
    ].filter(([, value]) => value).map(([term, value]) => [el("dt", {}, term), el("dd", {}, value)])),
    el("p", { class: "small quiet" }, "An answer of a model in development: no diagnosis."),
  );
}

function readers(prediction, definition, where, signal, after) {
  const mine = prediction.reviews.find((one) => one.reader === people.me.name);
  const trouble = el("div", {});
  const instead = select([["", "no other label"], ...definition.classes.filter((name) => name !== prediction.label).map((name) => [name, name])], mine?.label ?? "");
  const other = el("form", { class: "stack tight", hidden: mine?.verdict !== "disagree", onsubmit: (event) => { event.preventDefault(); send(event.submitter, "disagree"); } },
    definition.task !== "segmentation" && field("What it shows instead", instead),
    el("div", { class: "row" }, el("button", { class: "button main-action", type: "submit", "data-key": "disagree-send" }, "Keep my word")));
  const agree = el("button", { class: "button", type: "button", "data-key": "agree", "aria-pressed": String(mine?.verdict === "agree"), onclick: (event) => send(event.currentTarget, "agree") }, "Agree");
  const disagree = el("button", { class: "button", type: "button", "data-key": "disagree", "aria-pressed": String(mine?.verdict === "disagree"), "aria-expanded": String(!other.hidden), onclick: open }, "Disagree");

  function open() {
    other.hidden = !other.hidden;
    disagree.setAttribute("aria-expanded", String(!other.hidden));
    if (!other.hidden) other.querySelector("select, button").focus();
  }
  async function send(button, verdict) {
    const body = verdict === "disagree" && instead.value ? { verdict, label: instead.value } : { verdict };
    if (await act(button, () => write("PUT", `${where}/review`, body, signal), { done: "Your word is kept", place: trouble })) after();
  }
  return el("section", { class: "sheet stack" },
    el("h2", {}, "Readers"),
    el("p", { class: "quiet" }, "Do you agree? Your word is kept as a proposal for a label; one per reader, and it can be changed."),
    el("div", { class: "row", role: "group", "aria-label": "Your word" }, agree, disagree),
    other, trouble,
    prediction.reviews.length > 0 && el("ul", { class: "stack tight plain-list" }, prediction.reviews.map((one) =>
      el("li", { class: "row" }, state(one.verdict), el("strong", {}, one.reader === people.me.name ? "you" : one.reader), one.label && `says ${label(one.label)}`, el("span", { class: "quiet small" }, when(one.at))))),
  );
}

function fileTable(id, list, where, signal) {
  const trouble = el("div", {});
  async function fetchOne(event, file) {
    await act(event.currentTarget, async () => {
      const { buffer, mediaType } = await fetchFile(`${where}/files/${encodeURIComponent(file.kind)}`, signal);
      save(buffer, mediaType, `${short(id)}.${fileName(file)}`);
    }, { done: "Saved: its SHA-256 is the catalogue's", place: trouble });
  }
  return el("section", { class: "stack" },
    el("h2", {}, "Files"),
    trouble,
    el("div", { class: "sheet flush" },
      list.length === 0
        ? empty("No files", "They are written a moment after the answer.")
        : table({
            caption: "Result files",
            rows: list,
            columns: [
              { name: "File", cell: (file) => KINDS[file.kind]?.[0] ?? file.kind },
              { name: "Kind", cell: (file) => file.media_type },
              { name: "Size", cell: (file) => bytes(file.bytes), number: true },
              { name: "SHA-256", cell: (file) => el("code", { title: file.sha256 }, short(file.sha256)) },
              { name: "", cell: (file) => el("button", { class: "button little", type: "button", "data-key": `get-${file.kind}`, "aria-label": `Download ${KINDS[file.kind]?.[0] ?? file.kind}`, onclick: (event) => fetchOne(event, file) }, "Download") },
            ],
          })),
  );
}

function fileName(file) {
  if (file.kind === "mask") return file.media_type === "application/x-npy" ? "mask.npy" : "mask.nii.gz";
  return KINDS[file.kind]?.[1] ?? file.kind;
}
