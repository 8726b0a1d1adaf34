// Who is signed in: authorization code with PKCE at Cognito's hosted page. Tokens live in sessionStorage, so they
// end with the tab; nothing of them, and nothing of a patient, goes anywhere else.

import { config } from "./config.js";

const TOKENS = "medloop-tokens";
const PENDING = "medloop-sign-in";
const EARLY = 60;

let refreshing = null;

/** Dispatches "ended" once a session cannot be renewed. */
export const session = new EventTarget();

function read(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name));
  } catch {
    return null;
  }
}

const write = (name, value) => sessionStorage.setItem(name, JSON.stringify(value));

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const home = () => `${location.origin}/`;

/** Leaves for the sign-in page; the place in the console is kept and come back to. */
export async function signIn() {
  const verifier = random();
  const state = random();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  write(PENDING, { verifier, state, place: location.hash });
  const query = new URLSearchParams({
    response_type: "code",
    client_id: config.client,
    redirect_uri: home(),
    scope: "openid profile",
    state,
    code_challenge_method: "S256",
    code_challenge: base64url(new Uint8Array(digest)),
  });
  location.assign(`${config.sign_in}/oauth2/authorize?${query}`);
}

/** Takes the code out of the address, when this is the way back. Throws Error with a sentence where it fails. */
export async function finishSignIn() {
  const query = new URLSearchParams(location.search);
  if (!query.has("code") && !query.has("error")) return;
  const pending = read(PENDING);
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", `/${pending?.place || "#/"}`);
  if (query.has("error")) throw new Error("The sign-in was refused or given up.");
  if (!pending || pending.state !== query.get("state")) {
    throw new Error("The answer of the sign-in page belongs to no sign-in of this tab.");
  }
  await exchange({
    grant_type: "authorization_code",
    code: query.get("code"),
    redirect_uri: home(),
    code_verifier: pending.verifier,
  });
}

async function exchange(form) {
  const answer = await fetch(`${config.sign_in}/oauth2/token`, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ client_id: config.client, ...form }),
  });
  if (!answer.ok) throw new Error("The sign-in could not be completed.");
  const given = await answer.json();
  write(TOKENS, {
    id: given.id_token,
    refresh: given.refresh_token ?? read(TOKENS)?.refresh,
    until: Date.now() / 1000 + (given.expires_in ?? 3600),
  });
}

export const isSignedIn = () => Boolean(read(TOKENS)?.id);

/** A token that is good for another minute at least; null when there is none to be had. */
export async function token() {
  const tokens = read(TOKENS);
  if (!tokens) return null;
  if (tokens.until - EARLY > Date.now() / 1000) return tokens.id;
  return (await renew()) ? read(TOKENS).id : null;
}

/** True when there is a new token. One renewal serves all who wait; without a network it is left for later. */
export function renew() {
  refreshing ??= (async () => {
    const refresh = read(TOKENS)?.refresh;
    try {
      if (!refresh) return false;
      await exchange({ grant_type: "refresh_token", refresh_token: refresh });
      return true;
    } catch (error) {
      if (error instanceof TypeError) throw error;
      return false;
    } finally {
      refreshing = null;
    }
  })();
  return refreshing;
}

export function end() {
  sessionStorage.removeItem(TOKENS);
  session.dispatchEvent(new Event("ended"));
}

export function signOut() {
  sessionStorage.removeItem(TOKENS);
  const query = new URLSearchParams({ client_id: config.client, logout_uri: home() });
  location.assign(`${config.sign_in}/logout?${query}`);
}
