/** What the door has to know of a request. Headers as they came; undefined where they are missing. */
export interface DoorRequest {
  readonly method: string | undefined;
  /** Path and query. */
  readonly target: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`: what the browser says of who asks. */
  readonly fetchSite: string | undefined;
  readonly cookie: string | undefined;
  /** Whether a WebSocket is to be opened. */
  readonly isUpgrade: boolean;
}

export interface DoorRules {
  /** The only name under which the shell is reached, "127.0.0.1:40001". */
  readonly host: string;
  /** Name of the cookie with the session. */
  readonly cookie: string;
  /** Whether a session of this value is the one that was given out. */
  readonly isSession: (value: string) => boolean;
}

export type DoorDecision =
  /** `path` begins with `/`, decoded by nobody. */
  | { readonly kind: "allow"; readonly path: string }
  /** The opened address: where the token is good, the page gets its session and the address loses the token. */
  | { readonly kind: "enter"; readonly token: string }
  | { readonly kind: "refuse"; readonly status: 400 | 401 | 403 | 405; readonly why: string };

/** Name of the cookie with the session. Cookies know no ports: by its name two apps that one browser shows keep theirs apart. */
export function cookieNameOf(port: number): string {
  return `lanspread-${port}-session`;
}

/** Parameter of the opened address with the token. */
export const TOKEN_PARAMETER = "token";

/** Longest path and query that is looked at, characters. */
const MAX_TARGET = 2_048;

/**
 * Who gets in. Any program and any page in a browser on this computer can send requests here, so each has to show:
 * by its Host that no foreign name leads here (DNS rebinding), by its Origin that no foreign page sends it, and by
 * its cookie that it came through an address that this shell has opened.
 */
export function checkRequest(request: DoorRequest, rules: DoorRules): DoorDecision {
  const { method, target, host, origin, fetchSite, isUpgrade } = request;
  if (host !== rules.host) return refuse(403, "this is not the address that lanspread opened");
  if (origin === undefined ? isUpgrade : origin !== `http://${rules.host}`) {
    return refuse(403, "another page sent this");
  }
  if (fetchSite !== undefined && fetchSite !== "same-origin" && fetchSite !== "none") {
    return refuse(403, "another page sent this");
  }
  if (method !== "GET" && method !== "HEAD") return refuse(405, "only reading is possible here");
  if (target === undefined || !target.startsWith("/") || target.length > MAX_TARGET) {
    return refuse(400, "this is no address");
  }
  const [path = "/", query = ""] = splitOnce(target, "?");
  const token = new URLSearchParams(query).get(TOKEN_PARAMETER);
  if (path === "/" && token !== null && method === "GET" && !isUpgrade) return { kind: "enter", token };
  const session = cookieOf(request.cookie, rules.cookie);
  if (session === null || !rules.isSession(session)) {
    return refuse(401, "this window is not of the lanspread that runs now: open it from lanspread again");
  }
  return { kind: "allow", path };
}

function refuse(status: 400 | 401 | 403 | 405, why: string): DoorDecision {
  return { kind: "refuse", status, why };
}

/** The value of a cookie; null where there is none, or more than one: then somebody has put one before ours. */
function cookieOf(header: string | undefined, name: string): string | null {
  const values = (header ?? "")
    .split(";")
    .map((pair) => splitOnce(pair.trim(), "="))
    .filter(([key]) => key === name)
    .map(([, value]) => value ?? "");
  return values.length === 1 ? (values[0] ?? null) : null;
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
