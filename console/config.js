// config.json lies beside index.html and is written where the console is published.

export const config = { api: "", sign_in: "", client: "", stage: "", version: "" };

export async function loadConfig() {
  const answer = await fetch("config.json", { cache: "no-cache" });
  if (!answer.ok) throw new Error(`config.json is missing (status ${answer.status}): publish the console again.`);
  Object.assign(config, await answer.json());
}
