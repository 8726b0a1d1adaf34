// Refreshing while somebody looks: every few seconds, never in a hidden tab, slower while it fails.

const SLOWEST = 60;

/** Runs `work` now and then every `seconds` until `signal` aborts; a visible tab and a new connection run it at once.
 * Returns a function that runs it at once. */
export function poll(work, seconds, signal) {
  let timer = null;
  let failures = 0;
  let running = false;
  let again = false;

  async function run() {
    clearTimeout(timer);
    if (signal.aborted || document.hidden) return;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await work();
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
    timer = setTimeout(run, 1000 * Math.min(SLOWEST, seconds * 2 ** failures));
  }

  document.addEventListener("visibilitychange", run, { signal });
  window.addEventListener("online", run, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  run();
  return run;
}
