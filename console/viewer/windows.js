// Windows that readers know by name: [name, level, width] in Hounsfield units.

export const CT_WINDOWS = [
  ["Brain", 40, 80],
  ["Soft tissue", 50, 400],
  ["Lung", -600, 1500],
  ["Bone", 400, 1800],
  ["Liver", 80, 150],
];
