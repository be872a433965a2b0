import type { StatusData } from "@lanspread/proto";
import type { PeerFlags } from "../options.ts";

/** Options that are a running peer's own affair and that it does not tell: they are not looked at. */
const UNSEEN = {
  catalog: "--catalog",
  interface: "--interface",
  partyCa: "--party-ca",
  unrar: "--unrar",
} as const;

/** How given options relate to a peer that runs already. */
export interface Comparison {
  /** One sentence for each option that asks for something else than the running peer is. */
  readonly contradictions: readonly string[];
  /** Options that were given and have no effect. */
  readonly unseen: readonly string[];
}

/** Compares the options with what a running peer says of itself. `gamesDir` is the named folder; links are resolved in both. */
export function compareWithRunning(
  flags: PeerFlags,
  status: Pick<StatusData, "name" | "party" | "gamesDir" | "addr" | "lanes">,
  gamesDir: string | undefined,
): Comparison {
  const contradictions: string[] = [];
  const check = (option: string, given: string | undefined, running: string): void => {
    if (given !== undefined && given !== running) {
      contradictions.push(`${option} says ${given}, but the peer that runs here has ${running}`);
    }
  };
  check("--games-dir", gamesDir, status.gamesDir);
  check("--name", flags.name, status.name);
  check("--party", flags.party, status.party);
  const port = portOf(flags.listen);
  // Port 0 asks for any, and every listener fulfils that.
  check("--listen", port === "0" ? undefined : port, portOf(status.addr) ?? "");
  check("--lanes", flags.lanes?.toString(), String(status.lanes.length));
  const unseen = Object.entries(UNSEEN).flatMap(([flag, option]) =>
    flags[flag as keyof typeof UNSEEN] === undefined ? [] : [option],
  );
  return { contradictions, unseen };
}

function portOf(address: string | undefined): string | undefined {
  return address === undefined ? undefined : String(Number(address.slice(address.lastIndexOf(":") + 1)));
}
