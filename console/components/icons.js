// Small drawings of one stroke width.

import { svg } from "../dom.js";

const PATHS = {
  overview: ["M3 12h4l3-7 4 14 3-7h4"],
  images: ["M4 5h16v14H4z", "m4 16 5-5 4 4 3-3 4 4", "M15.5 9.5h.01"],
  datasets: ["M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3z", "M4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6", "M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3"],
  training: ["M4 4v16h16", "M7 9c3 8 6 8 12 9"],
  models: ["m12 3 8 4.5v9L12 21l-8-4.5v-9z", "m4 7.5 8 4.5 8-4.5", "M12 12v9"],
  predictions: ["M2 12s3.5-6.5 10-6.5S22 12 22 12s-3.5 6.5-10 6.5S2 12 2 12z", "M12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z"],
  alerts: ["M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15z", "M10 21h4"],
  access: ["M9 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8z", "M2 21c0-4 3-6.5 7-6.5s7 2.5 7 6.5", "M17 5a4 4 0 0 1 0 7", "M18.5 15c2.2.8 3.5 3 3.5 6"],
  person: ["M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8z", "M4.5 20.5c.5-4 3.5-6 7.5-6s7 2 7.5 6"],
  audit: ["M6 3h9l4 4v14H6z", "M9.5 12h6", "M9.5 16h6", "M9.5 8h2"],
  projects: ["M3 6h6l2 2.5h10V19H3z"],
  sun: ["M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8z", "M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5"],
  moon: ["M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"],
  upload: ["M12 16V4", "m7 9 5-5 5 5", "M4 16v4h16v-4"],
  loop: ["M20.5 12a8.5 8.5 0 1 1-3-6.5", "M20.8 2.8v3.6h-3.6", "M12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z"],
};

export function icon(name) {
  return svg(
    "svg",
    {
      viewBox: "0 0 24 24",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": name === "loop" ? 2.2 : 1.7,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
    },
    PATHS[name].map((d) => svg("path", { d })),
  );
}
