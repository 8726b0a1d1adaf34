// An image, with its mask where it has one, fetched and shown in the viewer.

import { get, path } from "../api.js";
import { problemNotice } from "../components/notice.js";
import { fetchFile } from "../download.js";
import { el } from "../dom.js";
import { percent } from "../format.js";
import { viewer } from "../viewer/viewer.js";

/** `files` are those of a prediction (kinds "mask" and "overlay" are used); `where` is the prediction's own path. */
export function looking({ project, image, names, files = [], where, volumes, unit, signal }) {
  const node = el("div", { class: "look" });
  const text = el("p", { class: "waiting", role: "status" }, "Fetching the image…");
  node.append(text);

  async function load() {
    node.replaceChildren(text);
    const facts = get(path("projects", project, "images", image), {}, signal).catch(() => ({}));
    const has = (kind) => files.some((file) => file.kind === kind);
    const trouble = [];
    const optional = async (kind) => {
      if (!has(kind)) return null;
      try {
        return await fetchFile(`${where}/files/${encodeURIComponent(kind)}`, signal);
      } catch (problem) {
        if (problem.name === "AbortError") throw problem;
        trouble.push(problemNotice(problem));
        return null;
      }
    };
    const [content, mask, known] = await Promise.all([
      fetchFile(path("projects", project, "images", image, "content"), signal, (share) => (text.textContent = `Fetching the image… ${percent(share)}`)),
      optional("mask"),
      facts,
    ]);
    node.replaceChildren(
      ...trouble,
      viewer({ image: content.buffer, mask: mask?.buffer ?? null, names, modality: known.modality, spacing: known.spacing, volumes, unit, overlay: has("overlay") ? overlay : null, signal }),
      ...(has("overlay") ? [stored()] : []),
    );
  }

  /** The address of the stored overlay picture, in this page. */
  async function overlay() {
    const { buffer, mediaType } = await fetchFile(`${where}/files/overlay`, signal);
    const url = URL.createObjectURL(new Blob([buffer], { type: mediaType }));
    signal.addEventListener("abort", () => URL.revokeObjectURL(url));
    return url;
  }

  function stored() {
    const inside = el("div", {});
    const open = (event) => {
      if (!event.target.open || inside.firstChild) return;
      inside.append(el("p", { class: "quiet" }, "Fetching the picture…"));
      overlay().then(
        (url) => inside.replaceChildren(el("img", { class: "stored", src: url, alt: "Overlay picture as it was stored with the prediction" })),
        (problem) => problem.name !== "AbortError" && inside.replaceChildren(problemNotice(problem)),
      );
    };
    return el("details", { ontoggle: open }, el("summary", {}, "Overlay picture as stored"), inside);
  }

  const start = () =>
    load().catch((problem) => {
      if (problem.name !== "AbortError") node.replaceChildren(problemNotice(problem, start));
    });
  start();
  return node;
}
