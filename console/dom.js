// Elements from data. Text is always text: nothing here, or anywhere in the console, parses strings as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** el("a", {href, class, onclick, "aria-label", style: {"--share": 0.5}}, children…); null children are left out. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, of] of Object.entries(value)) node.style.setProperty(key, of);
    else if (name === "value" || name === "checked" || name === "indeterminate") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...kept(children));
  return node;
}

function kept(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/** Puts new children into `node`, and the focus back on the element of the same `data-key`. */
export function swap(node, ...children) {
  const focused = node.contains(document.activeElement) ? document.activeElement.closest("[data-key]") : null;
  const key = focused?.dataset.key;
  node.replaceChildren(...kept(children));
  if (!key) return;
  for (const candidate of node.querySelectorAll("[data-key]")) {
    if (candidate.dataset.key === key) {
      candidate.focus({ preventScroll: true });
      return;
    }
  }
}

/** Calls `draw` only when what it draws has changed, so that a refresh disturbs nobody; true when it did. */
export function drawer(draw) {
  let before;
  return (...data) => {
    const now = JSON.stringify(data);
    if (now === before) return false;
    draw(...data);
    before = now;
    return true;
  };
}

let counted = 0;

export function freshId(prefix = "x") {
  counted += 1;
  return `${prefix}${counted}`;
}

/** Tells screen readers, politely. */
export function say(text) {
  document.getElementById("said").textContent = text;
}
