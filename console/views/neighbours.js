// The order of the last list of predictions, so that a reader can go from one to the next.

import { el } from "../dom.js";
import { place } from "../router.js";

let known = { project: null, ids: [] };

export function rememberOrder(project, ids) {
  known = { project, ids };
}

/** Links to the one before and the one after; none where the list was not seen. */
export function neighbours(project, id) {
  const at = known.project === project ? known.ids.indexOf(id) : -1;
  if (at < 0) return null;
  const link = (to, text, key) => known.ids[to] && el("a", { class: "button", href: place("p", project, "predictions", known.ids[to]), "data-key": key }, text);
  return [link(at - 1, "← Previous", "previous"), link(at + 1, "Next →", "next")];
}
