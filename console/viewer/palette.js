// Colours of structures on grey images: the palette of Okabe and Ito without its black, readable by the colour-blind.

const COLOURS = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
  [0, 114, 178],
];

export const colourOf = (label) => COLOURS[(label - 1) % COLOURS.length];

/** What NiiVue calls a label colour map: 0 is nothing, hidden labels are nothing. */
export function labelColours(names, hidden = new Set()) {
  const labels = ["background", ...names];
  const rgb = labels.map((_, label) => (label === 0 ? [0, 0, 0] : colourOf(label)));
  return {
    R: rgb.map(([r]) => r),
    G: rgb.map(([, g]) => g),
    B: rgb.map(([, , b]) => b),
    A: labels.map((_, label) => (label === 0 || hidden.has(label) ? 0 : 255)),
    I: labels.map((_, label) => label),
    labels,
  };
}
