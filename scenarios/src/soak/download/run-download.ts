import { setTimeout as delay } from "node:timers/promises";
import { createRandom } from "@lanspread/testkit";
import { type Harness, isEvent } from "../../harness-process.ts";
import { createWorkspace } from "../../workspace.ts";
import type { Emergency } from "../run-mesh.ts";
import {
  COPIES,
  DOWNLOAD_DEADLINE_MS,
  LOST_SHARE,
  NEEDED_BESIDE_BYTES,
  ON_THE_WAY_BYTES,
  TELLING_SHARE,
} from "./constants.ts";
import { GAME_ID, NEW_VERSION } from "./game.ts";
import { anyTime, changes, type Moment } from "./moments.ts";
import { DownloadParty, Violation } from "./party.ts";
import { type DownloadOutcome, type Round, roundLine, summaryLines } from "./report.ts";

export interface DownloadSoakOptions {
  readonly kills: number;
  /** Size of the game. */
  readonly mib: number;
  readonly seed: number;
  readonly print: (line: string) => void;
  /** Aborted to end early: nothing is left behind. */
  readonly signal: AbortSignal;
  /** Told once there is something that has to be killed and removed when not even cleaning up may take time. */
  readonly onResources: (emergency: Emergency) => void;
}

const MIB = 1_048_576;

/**
 * Kills the receiver of downloads from two sources, half of the times at a change of its disk, half at any time. After every
 * kill nothing partial may be offered; in the end of each download every byte must be there, and little have been sent twice.
 *
 * @returns whether all was well
 */
export async function runDownloadSoak(options: DownloadSoakOptions): Promise<boolean> {
  const { signal, print, mib, seed } = options;
  const workspace = await createWorkspace("soak", mib * MIB * COPIES + NEEDED_BESIDE_BYTES);
  const party = new DownloadParty(workspace);
  options.onResources({ kill: () => party.killNow(), directory: workspace.root });
  const onAbort = (): void => party.killNow();
  signal.addEventListener("abort", onAbort);
  try {
    print(`${options.kills} kills of the receiver of a game of ${mib} MiB from two sources, seed ${seed}`);
    await party.prepare(mib * MIB);
    const outcome = await new DownloadSoak(options, party).run();
    await party.close();
    for (const line of summaryLines(outcome)) print(line);
    await workspace.remove();
    return true;
  } catch (error) {
    await party.close();
    if (signal.aborted) {
      await workspace.remove();
      print("ended early; nothing was left behind");
      return false;
    }
    print(`FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    print(`The peers' logs are in ${await workspace.keepLogs()}`);
    return false;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

class DownloadSoak {
  readonly #options: DownloadSoakOptions;
  readonly #party: DownloadParty;
  readonly #rounds: Round[] = [];
  readonly #kills = { change: 0, time: 0 };
  /** Verified bytes that the receiver has told of in the download at hand, over all its lives. */
  #told = 0;
  /** Of those, what a later life did not find again. */
  #lost = 0;
  /** How long a whole download takes, ms, by the last one that came to its end. */
  #wholeMs = 0;

  constructor(options: DownloadSoakOptions, party: DownloadParty) {
    this.#options = options;
    this.#party = party;
  }

  async run(): Promise<DownloadOutcome> {
    const { kills, seed, print, signal } = this.#options;
    const startedAt = performance.now();
    const random = createRandom(seed);
    const atChanges = {
      download: changes(random, "download"),
      update: changes(random, "update"),
      resumed: changes(random, "resumed"),
    };
    await this.#round(false, []);
    while (this.#kills.change + this.#kills.time < kills) {
      signal.throwIfAborted();
      const isUpdate = this.#rounds.length % 2 === 0;
      const first = isUpdate ? atChanges.update : atChanges.download;
      const left = { change: kills / 2 - this.#kills.change, time: kills / 2 - this.#kills.time };
      const moments: Moment[] = [];
      for (const from of [first, atChanges.resumed]) {
        if (left.change-- > 0) moments.push(from.next().value);
        if (left.time-- > 0) moments.push(anyTime(random));
      }
      const round = await this.#round(isUpdate, moments);
      print(roundLine(round, this.#kills.change + this.#kills.time));
    }
    const minutes = (performance.now() - startedAt) / 60_000;
    return { seed, minutes, kills: this.#kills, rounds: this.#rounds, wholeMs: this.#wholeMs };
  }

  /** One download from its beginning to its end, with as many kills as fit into it. */
  async #round(isUpdate: boolean, moments: readonly Moment[]): Promise<Round> {
    const party = this.#party;
    await party.renew(isUpdate);
    this.#told = 0;
    this.#lost = 0;
    const before = await party.bytesRead();
    const killedAt: string[] = [];
    for (const moment of [...moments, null]) {
      if (!(await this.#attempt(moment))) {
        // What is so in every first life must have come; a later one may have had nothing left to do.
        if (moment?.kind === "change" && killedAt.length === 0) {
          throw new Error(`the receiver came to its end and never ${moment.at}`);
        }
        break;
      }
      if (moment === null) throw new Error("the receiver was killed by somebody else");
      this.#kills[moment.kind] += 1;
      killedAt.push(moment.kind === "change" ? moment.at : `time ${moment.share.toFixed(2)}`);
    }
    await party.requireWhole();
    const gameBytes = this.#options.mib * MIB;
    const again = Math.max(0, (await party.bytesRead()) - before - gameBytes);
    const round = { isUpdate, killedAt, lostShare: this.#lost / gameBytes, againBytes: again };
    this.#rounds.push(round);
    const mayBeSentAgain = LOST_SHARE * gameBytes + (killedAt.length + 1) * ON_THE_WAY_BYTES;
    if (round.lostShare > LOST_SHARE || again > mayBeSentAgain) {
      throw new Violation(`too much came twice: ${roundLine(round, 0)}`);
    }
    return round;
  }

  /** Follows what a life of the receiver has, verified, by all that it says. */
  #follow(harness: Harness): void {
    let chunks: number | null = null;
    let sampled = 0;
    harness.onEvent(({ event, data }) => {
      if (event === "download-progress") {
        sampled = Number(data["done_bytes"]);
        // The first one is what the journal and the disk say, before anything is fetched.
        if (chunks === null) this.#lost += Math.max(0, this.#told - sampled);
        chunks ??= sampled;
      } else if (event === "download-chunk-finished" && chunks !== null) {
        chunks += Number(data["length"]);
      }
      // A sample knows of the pieces of a chunk that has not ended; a chunk may have ended since the last sample.
      if (chunks !== null) this.#told = Math.max(chunks, sampled);
    });
  }

  /** Starts the receiver and downloads what is missing. @returns whether it was killed: else all is there and it has ended */
  async #attempt(moment: Moment | null): Promise<boolean> {
    const party = this.#party;
    const harness = await party.startReceiver(moment?.kind === "change" ? moment.at : null);
    const controller = new AbortController();
    try {
      // It may be killed before it is ready: what an earlier life has left is put right by changes of the disk, too.
      const receiver = await party.join(harness);
      await party.requireHonest(receiver);
      if ((await party.versionOnDisk()) !== NEW_VERSION) {
        const from = harness.events.length;
        const remaining = Math.max(0, 1 - this.#told / (this.#options.mib * MIB));
        this.#follow(harness);
        await harness.send({ cmd: "download", game_id: GAME_ID, install: false, latest: true });
        if (moment?.kind === "time") {
          void delay(moment.share * remaining * this.#wholeMs, undefined, { signal: controller.signal }).then(
            () => harness.kill("SIGKILL"),
            () => undefined,
          );
        }
        const deadlineMs = DOWNLOAD_DEADLINE_MS;
        const end = await harness.event(isEndOfDownload, { from, deadlineMs });
        controller.abort();
        if (!isEvent("download-finished")(end)) throw new Error(`${end.event}: ${JSON.stringify(end.data)}`);
        if (remaining > TELLING_SHARE) this.#wholeMs = Number(end.data["elapsed_ms"]) / remaining;
      }
      await party.waitForSource();
      const { code } = await harness.close();
      if (code !== 0) throw new Error(`the receiver ended with code ${code}\n${harness.stderrTail()}`);
      return false;
    } catch (error) {
      // What was asked of a process that has been killed fails: that it was is all that counts.
      const ended = await Promise.race([harness.exited, delay(0, null)]);
      if (error instanceof Violation || moment === null || ended?.signal !== "SIGKILL") throw error;
      return true;
    } finally {
      controller.abort();
    }
  }
}

const isEndOfDownload = Object.assign(({ event }: { readonly event: string }) => END_EVENTS.has(event), {
  description: "the end of the download",
});
const END_EVENTS: ReadonlySet<string> = new Set([
  "download-finished",
  "download-failed",
  "download-cancelled",
  "download-peers-gone",
  "no-peers-have-game",
]);
