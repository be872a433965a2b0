import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { defaultStateDir } from "@lanspread/peer/base";
import type { PeerFlags } from "../options.ts";

/** Folder of the games below the home folder where no other is named. */
const DEFAULT_GAMES_FOLDER = "lanspread";

/** Where a peer's games are, by the options. Absolute. */
export interface GamesPlace {
  readonly gamesDir: string;
  /** False where nobody named it: the default may be made, a folder that somebody named must be there. */
  readonly named: boolean;
}

export function gamesPlace(flags: PeerFlags): GamesPlace {
  const { gamesDir } = flags;
  if (gamesDir === undefined) return { gamesDir: join(homedir(), DEFAULT_GAMES_FOLDER), named: false };
  return { gamesDir: resolve(gamesDir), named: true };
}

/** The folder that tells peers on one computer apart. */
export function stateDirOf(flags: PeerFlags): string {
  return resolve(flags.stateDir ?? defaultStateDir());
}

/** What the options say about a peer besides its folders, in the runtime's words; what was not given is left out. */
export function peerSettings(flags: PeerFlags) {
  const { catalog, name, party, listen, partyCa, lanes } = flags;
  return {
    ...(catalog === undefined ? {} : { catalog: resolve(catalog) }),
    ...(name === undefined ? {} : { name }),
    ...(party === undefined ? {} : { party }),
    ...(flags.interface === undefined ? {} : { interfaces: flags.interface }),
    ...(listen === undefined ? {} : { listen }),
    ...(lanes === undefined ? {} : { lanes }),
    ...(partyCa === undefined ? {} : { partyCa: resolve(partyCa) }),
  };
}
