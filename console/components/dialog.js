// Questions before what is hard to take back. <dialog> keeps the focus inside and gives it back.

import { el, freshId } from "../dom.js";

/** True when the person goes on. */
export function confirm({ title, text, action, stay = "Cancel", harm = false }) {
  return new Promise((resolve) => {
    const heading = freshId("dialog");
    const box = el(
      "dialog",
      { "aria-labelledby": heading },
      el(
        "form",
        { method: "dialog", class: "stack tight" },
        el("h2", { id: heading }, title),
        [text].flat().map((line) => el("p", {}, line)),
        el(
          "div",
          { class: "row end" },
          el("button", { class: "button", value: "no", autofocus: true }, stay),
          el("button", { class: harm ? "button harm" : "button main-action", value: "yes" }, action),
        ),
      ),
    );
    box.addEventListener("close", () => {
      box.remove();
      resolve(box.returnValue === "yes");
    });
    document.body.append(box);
    box.showModal();
  });
}
