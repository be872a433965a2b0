import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom } from "@lanspread/testkit";
import { createWorkspace, type Workspace } from "../workspace.ts";
import { type Action, type ActionKind, Story } from "./actions.ts";
import {
  GAMES_AT_FIRST,
  NEEDED_BYTES,
  PAUSE_MS,
  RESIDENT_SHARE,
  RESTS_WITH_DOWN,
  ROUND_MS,
} from "./constants.ts";
import { GamesFolder } from "./disk-game.ts";
import type { Sample } from "./growth.ts";
import { everythingIn, processesWith, unfinishedIn } from "./leftovers.ts";
import {
  differenceLines,
  growthReasons,
  type Outcome,
  restLine,
  sampleLine,
  summaryLines,
} from "./report.ts";
import { type Rest, settle } from "./rest.ts";
import { SoakPeer } from "./soak-peer.ts";
import { startWaker } from "./waker.ts";

export interface SoakOptions {
  readonly minutes: number;
  readonly peers: number;
  readonly seed: number;
  readonly print: (line: string) => void;
  /** Aborted to end early: nothing is left behind. */
  readonly signal: AbortSignal;
  /** Told once there is something that has to be killed and removed when not even cleaning up may take time. */
  readonly onResources: (emergency: Emergency) => void;
}

/** What ends and removes everything without waiting for anybody. */
export interface Emergency {
  kill(): void;
  readonly directory: string;
}

const MINUTE_MS = 60_000;

/**
 * A party of real processes on 127.0.0.1 in which people come, go, crash and sleep and games appear, change and vanish. At every
 * rest each peer has to show what is on the disks of all.
 *
 * @returns whether all was well
 */
export async function runMeshSoak(options: SoakOptions): Promise<boolean> {
  const { signal, print } = options;
  const workspace = await createWorkspace("soak", NEEDED_BYTES);
  const soak = new MeshSoak(options, workspace);
  options.onResources({ kill: () => soak.killNow(), directory: workspace.root });
  try {
    const outcome = await soak.run();
    for (const line of summaryLines(outcome)) print(line);
    if (outcome.reasons.length === 0) await workspace.remove();
    else print(`The peers' logs are in ${await soak.keepLogs()}`);
    return outcome.reasons.length === 0;
  } catch (error) {
    await soak.close();
    if (signal.aborted) {
      await workspace.remove();
      print("ended early; nothing was left behind");
      return false;
    }
    print(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
    print(`The peers' logs are in ${await soak.keepLogs()}`);
    return false;
  }
}

class MeshSoak {
  readonly #options: SoakOptions;
  readonly #workspace: Workspace;
  readonly #story: Story;
  readonly #random: () => number;
  readonly #temporaryDir: string;
  readonly #waker = startWaker();
  readonly #peers: SoakPeer[] = [];
  readonly #residents: number;
  readonly #actions = new Map<ActionKind, number>();
  readonly #rests: Rest[] = [];
  readonly #samples = new Map<string, Sample[]>();
  readonly #reasons: string[] = [];

  constructor(options: SoakOptions, workspace: Workspace) {
    const { peers, seed } = options;
    this.#options = options;
    this.#workspace = workspace;
    this.#residents = Math.ceil(peers * RESIDENT_SHARE);
    this.#random = createRandom(seed);
    this.#story = new Story(this.#random, { peers, residents: this.#residents });
    this.#temporaryDir = join(workspace.root, "tmp");
  }

  async run(): Promise<Outcome> {
    const { minutes, seed, peers, print, signal } = this.#options;
    print(`${peers} peers for ${minutes} minutes, seed ${seed}; ${this.#residents} of them live throughout`);
    await this.#prepare();
    await Promise.all(this.#peers.map((peer) => peer.start(signal)));
    const startedAt = performance.now();
    const endsAt = startedAt + minutes * MINUTE_MS;
    await this.#rest();
    for (let round = 1; this.#reasons.length === 0 && performance.now() < endsAt; round++) {
      await this.#live(Math.min(endsAt, performance.now() + ROUND_MS));
      await this.#perform(this.#story.resumeAll());
      const isLast = performance.now() >= endsAt;
      if (isLast || round % RESTS_WITH_DOWN === 0) await this.#rest();
      if (this.#reasons.length > 0) break;
      await this.#perform(this.#story.startAll());
      await this.#rest();
      await this.#sample();
    }
    await this.close();
    await this.#findLeftovers();
    this.#reasons.push(...growthReasons(this.#samples));
    return {
      seed,
      minutes: (performance.now() - startedAt) / MINUTE_MS,
      actions: this.#actions,
      rests: this.#rests,
      samples: this.#samples,
      reasons: this.#reasons,
    };
  }

  /** Ends every process, in whatever state it is. */
  async close(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.close()));
    await this.#waker.close();
  }

  /** Removes everything but the logs, with what every peer did and saw last beside them; returns where they are. */
  async keepLogs(): Promise<string> {
    for (const { name, history } of this.#peers) {
      await writeFile(join(this.#workspace.logs, `${name}.events`), `${history.join("\n")}\n`);
    }
    await rm(this.#temporaryDir, { recursive: true, force: true });
    return this.#workspace.keepLogs();
  }

  killNow(): void {
    for (const peer of this.#peers) peer.killNow();
  }

  async #prepare(): Promise<void> {
    // Of its own in every run: several soaks on one machine, or a real party on the same network, never meet.
    const party = `soak-${randomBytes(6).toString("hex")}`;
    await mkdir(this.#temporaryDir);
    for (let index = 0; index < this.#options.peers; index++) {
      const name = `peer-${index}`;
      const { games, state } = await this.#workspace.peer(name);
      const folder = new GamesFolder(games, join(games, "..", "aside"));
      await folder.prepare();
      const peer = new SoakPeer({
        ...{ name, party, games: folder, stateDir: state, temporaryDir: this.#temporaryDir },
        logFile: join(this.#workspace.logs, `${name}.log`),
        sampleFile: join(games, "..", "sample.json"),
        onPid: (pid) => this.#waker.add(pid),
      });
      this.#peers.push(peer);
      if (index < this.#residents) this.#samples.set(name, []);
      await this.#perform(this.#story.beginning(index, GAMES_AT_FIRST));
    }
  }

  /** One thing after the other until the time has come. */
  async #live(endsAt: number): Promise<void> {
    const { signal } = this.#options;
    while (performance.now() < endsAt) {
      await this.#perform(this.#story.next());
      for (const peer of this.#peers) peer.throwIfBroken();
      await delay(this.#story.pauseMs(PAUSE_MS), undefined, { signal });
    }
  }

  async #perform(actions: readonly Action[]): Promise<void> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    // All of them end before anything else is done: what still writes while everything is removed would leave something behind.
    const done = await Promise.allSettled(
      actions.map(async ({ peer, what }) => {
        this.#actions.set(what.kind, (this.#actions.get(what.kind) ?? 0) + 1);
        await this.#peers[peer]?.act(what, signal);
      }),
    );
    signal.throwIfAborted();
    for (const one of done) if (one.status === "rejected") throw one.reason;
  }

  async #rest(): Promise<void> {
    const { print, signal } = this.#options;
    const rest = await settle(this.#peers, signal);
    this.#rests.push(rest);
    print(restLine(rest));
    if (rest.differences.length === 0) return;
    this.#reasons.push(`${rest.differences.length} differences between what is shown and what is there`);
    for (const line of differenceLines(rest.differences, this.#peers)) print(line);
  }

  async #sample(): Promise<void> {
    await Promise.all(
      this.#peers.slice(0, this.#residents).map(async (peer) => {
        this.#samples.get(peer.name)?.push(await peer.sample());
      }),
    );
    const latest = [...this.#samples.values()].flatMap((own) => own.at(-1) ?? []);
    this.#options.print(sampleLine(latest));
  }

  async #findLeftovers(): Promise<void> {
    const { root, peers } = this.#workspace;
    for (const pid of await processesWith(root)) this.#reasons.push(`process ${pid} was left over`);
    const left = [...(await everythingIn(this.#temporaryDir)), ...(await unfinishedIn(peers))];
    for (const path of left) this.#reasons.push(`${path} was left over`);
  }
}
