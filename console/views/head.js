// The head that every view has: where it leads back to, its name, one sentence, what one can do.

import { el } from "../dom.js";

export function head(title, { text, back, actions } = {}) {
  return el("div", { class: "view-head" },
    el("div", {},
      back && el("a", { class: "way-back", href: back.href }, "← ", back.name),
      el("h1", { tabindex: "-1" }, title),
      text && el("p", {}, text),
    ),
    actions && el("div", { class: "row" }, actions),
  );
}
