import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";

/** Folders of one peer, and the options that use them on 127.0.0.1 alone. */
export interface PeerPlace {
  readonly games: string;
  readonly state: string;
  readonly args: readonly string[];
}

/** A temporary folder with a party name of its own, so that tests never meet each other or anybody else. */
export interface Place {
  readonly root: string;
  readonly party: string;
  peer(name: string): Promise<PeerPlace>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function makePlace(): Promise<Place> {
  const directory = await temporaryDirectory("lanspread-cli-");
  const party = `test-${randomBytes(6).toString("hex")}`;
  return {
    root: directory.path,
    party,
    async peer(name) {
      const games = directory.join(name, "games");
      const state = directory.join(name, "state");
      await mkdir(games, { recursive: true });
      const args = [
        ...["--games-dir", games, "--state-dir", state, "--name", name, "--party", party],
        ...["--interface", "127.0.0.1", "--listen", "127.0.0.1:0"],
      ];
      return { games, state, args };
    },
    async [Symbol.asyncDispose]() {
      await directory[Symbol.asyncDispose]();
    },
  };
}
