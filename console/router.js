// Where one is, as the address says it after its #. Only names of projects, hashes and numbers ever stand there.

/** Routes are patterns such as "/p/:project/jobs/:job". */
export function router(routes, onMove) {
  const compiled = routes.map(([pattern, view]) => ({
    view,
    names: [...pattern.matchAll(/:(\w+)/g)].map((found) => found[1]),
    form: new RegExp(`^${pattern.replace(/:\w+/g, "([^/]+)")}$`),
  }));

  function move() {
    const [where, search = ""] = (location.hash.slice(1) || "/").split("?");
    for (const { view, names, form } of compiled) {
      const found = form.exec(where);
      if (!found) continue;
      try {
        const parameters = Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(found[at + 1])]));
        return onMove(view, parameters, new URLSearchParams(search));
      } catch (error) {
        if (!(error instanceof URIError)) throw error;
      }
    }
    return onMove(null, {}, new URLSearchParams());
  }

  window.addEventListener("hashchange", move);
  return move;
}

/** place("p", project, "jobs", name) → "#/p/…": every part escaped. */
export const place = (...parts) => `#/${parts.map((part) => encodeURIComponent(part)).join("/")}`;

export function go(where) {
  location.hash = where.replace(/^#/, "");
}
