// Numbers and times as people read them.

export const count = (value) => (value ?? 0).toLocaleString();

export const score = (value) => (value === null || value === undefined ? "–" : Number(value).toFixed(3));

/** Never rounded up to certainty. */
export function percent(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  const shown = (100 * value).toFixed(digits);
  if (value < 1 && Number(shown) === 100) return value > 0.999 ? "> 99.9 %" : `${(Math.floor(1000 * value) / 10).toFixed(1)} %`;
  return `${shown} %`;
}

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let left = value;
  while (left >= 1000 && unit < units.length - 1) {
    left /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? left : left.toFixed(left < 10 ? 1 : 0)} ${units[unit]}`;
}

export function number(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1000 || size < 0.001 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

export function time(iso) {
  if (!iso) return "–";
  const at = new Date(iso);
  return Number.isNaN(at.getTime())
    ? "–"
    : at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** "3 minutes ago", in the reader's language. */
export function ago(iso, now = Date.now()) {
  if (!iso) return "–";
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000);
  if (Number.isNaN(seconds)) return "–";
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return words.format(Math.min(seconds, 0), "second");
}

export function duration(from, to) {
  if (!from) return "–";
  const seconds = Math.max(0, Math.round(((to ? new Date(to) : new Date()) - new Date(from)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export const short = (hash) => (hash ? hash.slice(0, 10) : "–");

/** "waiting_capacity" → "waiting capacity" */
export const words = (name) => String(name ?? "–").replaceAll("_", " ");

/** Several classes of one image stand in one label, parted by bars. */
export const label = (text) => (text ? text.split(/\s*\|\s*/).join(", ") : "none");

export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;
