// Refreshing while somebody looks: every few seconds while things move, slower while they do not, never in a hidden
// tab. Every refresh is a row of the audit.

const QUIET = 15;
const FAILING = 60;

/** Runs `work` now and then until `signal` aborts: every `seconds` while it returns true, for "something changed". A
 * click, a key, a visible tab and a new connection end the waiting. Returns a function that runs it at once. */
export function poll(work, seconds, signal) {
  let timer = null;
  let calm = 0;
  let failures = 0;
  let running = false;
  let again = false;
  let ranAt = 0;

  async function run() {
    clearTimeout(timer);
    if (signal.aborted || document.hidden) return;
    if (running) {
      again = true;
      return;
    }
    running = true;
    ranAt = Date.now();
    try {
      calm = (await work()) ? 0 : calm + 1;
      failures = 0;
    } catch (error) {
      if (error.name !== "AbortError") failures += 1;
    }
    running = false;
    if (signal.aborted) return;
    if (again) {
      again = false;
      run();
      return;
    }
    const wait = failures > 0 ? Math.min(FAILING, seconds * 2 ** failures) : Math.min(Math.max(QUIET, seconds), seconds * 1.25 ** calm);
    timer = setTimeout(run, 1000 * wait);
  }

  function wake() {
    if (calm > 2 && failures === 0 && Date.now() - ranAt > 1000 * seconds) run();
    calm = 0;
  }

  document.addEventListener("visibilitychange", run, { signal });
  document.addEventListener("pointerdown", wake, { signal, passive: true });
  document.addEventListener("keydown", wake, { signal, passive: true });
  window.addEventListener("online", run, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  run();
  return run;
}
