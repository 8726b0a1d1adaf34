// What was dropped or chosen, as a flat list of files with their places in the folders.

/** [{file, folders: ["normal", "a"], name: "x.png"}] of a drop; folders are walked to their ends. */
export async function ofDrop(transfer) {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return ofList(transfer.files);
  const found = [];
  for (const entry of entries) await walk(entry, [], found);
  return found;
}

/** The same of an <input type="file">. */
export function ofList(list) {
  return Array.from(list, (file) => {
    const parts = (file.webkitRelativePath || file.name).split("/");
    return { file, folders: parts.slice(0, -1), name: parts.at(-1) };
  });
}

async function walk(entry, folders, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, folders, name: entry.name });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, [...folders, entry.name], found);
  }
}

/** Names below the purpose's folder. One folder that holds everything says nothing and is left out. */
export function named(found) {
  const tops = new Set(found.map(({ folders }) => folders[0] ?? ""));
  const skip = tops.size === 1 && !tops.has("") ? 1 : 0;
  return found.map(({ file, folders, name }) => ({ file, name: [...folders.slice(skip), name].join("/") }));
}

/** Classes by folder: the last folder that names one. Returns {byClass: Map, others: [names]}. */
export function byFolder(found, classes) {
  const byClass = new Map();
  const others = [];
  for (const { file, folders, name } of found) {
    const at = folders.findLastIndex((folder) => classes.includes(folder.normalize("NFC")));
    if (at < 0) {
      others.push([...folders, name].join("/"));
      continue;
    }
    const label = folders[at].normalize("NFC");
    if (!byClass.has(label)) byClass.set(label, []);
    byClass.get(label).push({ file, name: [...folders.slice(at + 1), name].join("/") });
  }
  return { byClass, others };
}
