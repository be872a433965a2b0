import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import type { RunningCli } from "./cli.ts";
import { startTestHarness, type TestHarness } from "./test-harness.ts";

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
  /** A process that works in these folders: it is killed before they go, if it has not ended by then. */
  owns<Cli extends RunningCli>(cli: Cli): Cli;
  /** A harness with these folders, which is ready. */
  harness(peer: PeerPlace, ...options: string[]): Promise<TestHarness>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function makePlace(): Promise<Place> {
  const directory = await temporaryDirectory("lanspread-cli-");
  const party = `test-${randomBytes(6).toString("hex")}`;
  const running: RunningCli[] = [];
  const owns = <Cli extends RunningCli>(cli: Cli): Cli => {
    running.push(cli);
    return cli;
  };
  return {
    root: directory.path,
    party,
    owns,
    async harness({ args }, ...options) {
      const harness = owns(startTestHarness([...args, ...options]));
      await harness.event("local-peer-ready");
      return harness;
    },
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
      for (const { child } of running) child.kill("SIGKILL");
      await Promise.all(running.map(({ ended }) => ended));
      await directory[Symbol.asyncDispose]();
    },
  };
}
