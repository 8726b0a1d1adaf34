// Labelled inputs.

import { el, freshId } from "../dom.js";

export function field(label, input, hint) {
  const id = input.id || freshId("field");
  input.id = id;
  const hintId = `${id}-hint`;
  if (hint) input.setAttribute("aria-describedby", hintId);
  return el("div", { class: "field" }, el("label", { for: id }, label), input, hint && el("span", { id: hintId, class: "small quiet" }, hint));
}

/** options: [[value, text], …] */
export function select(options, value, onchange) {
  return el(
    "select",
    { onchange: onchange && ((event) => onchange(event.target.value)) },
    options.map(([key, text]) => el("option", { value: key, selected: key === value }, text)),
  );
}

export function choices(legend, name, options, value, onchange) {
  return el(
    "fieldset",
    {},
    el("legend", {}, legend),
    el(
      "div",
      { class: "choices" },
      options.map(([key, text]) =>
        el("label", {}, el("input", { type: "radio", name, value: key, checked: key === value, onchange: () => onchange(key) }), text),
      ),
    ),
  );
}
