// The little Markdown that model cards are written in, as elements: headings, paragraphs, lists, tables, code.

import { el } from "../dom.js";

/** A list of nodes; what it does not know stays text. */
export function markdown(text) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const out = [];
  let at = 0;
  const taken = (test) => {
    const found = [];
    while (at < lines.length && test(lines[at])) found.push(lines[at++]);
    return found;
  };
  while (at < lines.length) {
    const line = lines[at];
    if (line.trim() === "") at += 1;
    else if (line.startsWith("```")) {
      at += 1;
      out.push(el("pre", { class: "mono small" }, taken((one) => !one.startsWith("```")).join("\n")));
      at += 1;
    } else if (/^#{1,6} /.test(line)) {
      out.push(el("h3", {}, spans(line.replace(/^#+ /, ""))));
      at += 1;
    } else if (/^\s*[-*] /.test(line)) {
      const items = taken((one) => /^\s*[-*] /.test(one) || /^\s{2,}\S/.test(one));
      out.push(el("ul", {}, joined(items).map((item) => el("li", {}, spans(item)))));
    } else if (line.startsWith("|")) {
      out.push(grid(taken((one) => one.startsWith("|"))));
    } else {
      out.push(el("p", {}, spans(taken((one) => one.trim() !== "" && !/^(#{1,6} |\||```|\s*[-*] )/.test(one)).join(" "))));
    }
  }
  return out;
}

function joined(lines) {
  const items = [];
  for (const line of lines) {
    if (/^\s*[-*] /.test(line)) items.push(line.replace(/^\s*[-*] /, ""));
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return items;
}

function grid(lines) {
  const cells = (line) => line.replace(/^\||\|\s*$/g, "").split("|").map((cell) => cell.trim());
  const isRule = (line) => /^[|:\s-]+$/.test(line);
  const [top, ...rest] = lines.filter((line) => !isRule(line)).map(cells);
  const hasHead = lines.length > 1 && isRule(lines[1]) && top.some(Boolean);
  const rows = hasHead ? rest : [top, ...rest].filter((row) => row.some(Boolean));
  return el("table", {},
    hasHead && el("thead", {}, el("tr", {}, top.map((cell) => el("th", { scope: "col" }, spans(cell))))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, spans(cell)))))));
}

function spans(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (/^`[^`]+`$/.test(part)) return el("code", {}, part.slice(1, -1));
    if (/^\*\*[^*]+\*\*$/.test(part)) return el("strong", {}, part.slice(2, -2));
    return part.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1");
  });
}
