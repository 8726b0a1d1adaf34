// An image, with its mask where it has one, fetched and shown in the viewer.

import { get, path } from "../api.js";
import { problemNotice } from "../components/notice.js";
import { fetchFile } from "../download.js";
import { el } from "../dom.js";
import { percent } from "../format.js";
import { viewer } from "../viewer/viewer.js";

/** `prediction` is the path of the one whose mask is laid over the image, if `hasMask`. */
export function looking({ project, image, names = [], prediction = null, hasMask = false, volumes, unit, signal }) {
  const node = el("div", { class: "look" });
  const text = el("p", { class: "waiting", role: "status" }, "Fetching the image…");
  node.append(text);

  async function load() {
    node.replaceChildren(text);
    const trouble = [];
    const [content, mask, known] = await Promise.all([
      fetchFile(path("projects", project, "images", image, "content"), signal, (share) => (text.textContent = `Fetching the image… ${percent(share)}`)),
      hasMask ? fetchFile(`${prediction}/files/mask`, signal).catch(without(trouble)) : null,
      get(path("projects", project, "images", image), {}, signal).catch(() => ({})),
    ]);
    node.replaceChildren(
      ...trouble,
      viewer({
        image: content.buffer,
        mask: mask?.buffer ?? null,
        names,
        modality: known.modality,
        spacing: known.spacing,
        volumes,
        unit,
        overlay: prediction && (() => overlayOf(prediction, signal)),
        signal,
      }),
    );
  }

  const start = () =>
    load().catch((problem) => {
      if (problem.name !== "AbortError") node.replaceChildren(problemNotice(problem, start));
    });
  start();
  return node;
}

/** The image is shown all the same, and above it why its mask is not. */
const without = (trouble) => (problem) => {
  if (problem.name === "AbortError") throw problem;
  trouble.push(problemNotice(problem));
  return null;
};

/** The address of the stored overlay picture, in this page. */
async function overlayOf(prediction, signal) {
  const { buffer, mediaType } = await fetchFile(`${prediction}/files/overlay`, signal);
  const url = URL.createObjectURL(new Blob([buffer], { type: mediaType }));
  signal.addEventListener("abort", () => URL.revokeObjectURL(url));
  return url;
}

/** The overlay as the result writer drew it, fetched when it is opened. */
export function storedOverlay(prediction, signal) {
  const inside = el("div", {});
  const open = (event) => {
    if (!event.target.open || inside.firstChild) return;
    inside.append(el("p", { class: "quiet" }, "Fetching the picture…"));
    overlayOf(prediction, signal).then(
      (url) => inside.replaceChildren(el("img", { class: "stored", src: url, alt: "Overlay picture as it was stored with the prediction" })),
      (problem) => problem.name !== "AbortError" && inside.replaceChildren(problemNotice(problem)),
    );
  };
  return el("details", { ontoggle: open }, el("summary", {}, "Overlay picture as stored"), inside);
}
