import { readdir, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { eventually } from "@lanspread/testkit";
import { programCommand } from "lanspread";
import { type Harness, type HarnessEvent, isEvent, startHarness } from "../harness-process.ts";
import type { DiskAction, ProcessAction } from "./actions.ts";
import { EVENTS_KEPT, READY_DEADLINE_MS, SAMPLE_DEADLINE_MS } from "./constants.ts";
import { type GamesFolder, readGames } from "./disk-game.ts";
import type { Sample } from "./growth.ts";
import type { GameLine, PeerLine, PeerTruth, PeerView } from "./view.ts";

const PROBE = fileURLToPath(new URL("./probe.ts", import.meta.url));

export interface SoakPeerOptions {
  readonly name: string;
  readonly party: string;
  readonly games: GamesFolder;
  readonly stateDir: string;
  /** Where the process may put temporary files. */
  readonly temporaryDir: string;
  readonly logFile: string;
  readonly sampleFile: string;
  /** Told of every process when it is started. */
  readonly onPid: (pid: number) => void;
}

/** One peer of the soak through all its lives: its folders stay, its processes come and go. */
export class SoakPeer {
  readonly name: string;
  readonly games: GamesFolder;
  readonly stateDir: string;
  /** What happened last, one line each, over all lives. */
  readonly history: string[] = [];
  readonly #options: SoakPeerOptions;
  #life: { readonly harness: Harness; readonly peerId: string; readonly addr: string } | null = null;
  /** Started, and not ready yet. */
  #starting: Harness | null = null;
  #isSuspended = false;
  #isEndExpected = false;
  #death: Error | null = null;

  constructor(options: SoakPeerOptions) {
    this.#options = options;
    this.name = options.name;
    this.games = options.games;
    this.stateDir = options.stateDir;
  }

  get isRunning(): boolean {
    return this.#life !== null;
  }

  /** Does one thing, and resolves when it is done. */
  async act(what: DiskAction | ProcessAction, signal: AbortSignal): Promise<void> {
    const { games } = this;
    this.note(describe(what));
    switch (what.kind) {
      case "put":
      case "copy":
      case "rewrite":
        return games[what.kind](what.id, what.version);
      case "take":
      case "erase":
      case "unlist":
      case "install":
      case "play":
      case "uninstall":
        return games[what.kind](what.id);
      case "rename":
        return games.rename(what.id, what.to);
      case "start":
        return this.start(signal);
      case "stop":
        return this.stop();
      case "kill":
        return this.#end("SIGKILL");
      case "suspend":
        this.#isSuspended = true;
        this.#life?.harness.kill("SIGSTOP");
        return;
      case "resume":
        return this.resume();
    }
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { name, party, stateDir, temporaryDir, logFile, sampleFile, onPid } = this.#options;
    const [node, ...program] = programCommand;
    this.#isEndExpected = false;
    const harness = startHarness({
      ...{ name, logFile, keep: isKept },
      program: [node, "--expose-gc", "--import", PROBE, ...program, "harness"],
      args: [
        ...["--games-dir", this.games.path, "--state-dir", stateDir, "--name", name, "--party", party],
        ...["--interface", "127.0.0.1", "--listen", "127.0.0.1:0", "-vv"],
      ],
      env: { LANSPREAD_SOAK_SAMPLE: sampleFile, TMPDIR: temporaryDir },
    });
    this.#starting = harness;
    onPid(harness.pid);
    harness.onEvent((event) => this.note(shorten(event)));
    void harness.exited.then(({ code, signal: by }) => {
      if (this.#isEndExpected) return;
      this.#death = new Error(`${name} ended by itself: code ${code}, signal ${by}\n${harness.stderrTail()}`);
    });
    const ready = await harness.event(isEvent("local-peer-ready"), { deadlineMs: READY_DEADLINE_MS });
    this.#life = { harness, peerId: String(ready.data["peer_id"]), addr: String(ready.data["addr"]) };
    this.#starting = null;
  }

  resume(): void {
    this.#isSuspended = false;
    this.#life?.harness.kill("SIGCONT");
  }

  /** Ends it as a user does, and checks that this is how it ended. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (life === null) return;
    this.#isEndExpected = true;
    const { code, signal } = await life.harness.close();
    this.#life = null;
    if (code !== 0) throw new Error(`${this.name} did not stop by itself: code ${code}, signal ${signal}`);
  }

  /** Ends whatever runs, whatever its state is. */
  async close(): Promise<void> {
    this.#isEndExpected = true;
    if (this.#isSuspended) this.resume();
    await Promise.all([this.#life?.harness.close(), this.#starting?.close()]);
    this.#life = null;
    this.#starting = null;
  }

  /** The last resort: without waiting. */
  killNow(): void {
    for (const harness of [this.#life?.harness, this.#starting]) harness?.kill("SIGKILL");
  }

  /** @throws Error where it has ended without being told to, or has said something that is not its protocol */
  throwIfBroken(): void {
    if (this.#death !== null) throw this.#death;
    const [line] = this.#life?.harness.foreignLines ?? [];
    if (line !== undefined) throw new Error(`${this.name} printed a line outside its protocol: ${line}`);
  }

  /** What is on its disk, and where it is; null where it does not run. */
  async truth(): Promise<PeerTruth | null> {
    const life = this.#life;
    if (life === null) return null;
    const [status, games] = await Promise.all([
      life.harness.send({ cmd: "status" }) as Promise<{ readonly library_rev: number }>,
      readGames(this.games.path),
    ]);
    const { name } = this;
    return { name, peerId: life.peerId, addr: life.addr, libraryRev: status.library_rev, games };
  }

  async view(): Promise<PeerView> {
    const life = this.#life;
    if (life === null) throw new Error(`${this.name} does not run`);
    const [{ games }, { peers }] = await Promise.all([
      life.harness.send({ cmd: "list-games" }) as Promise<{ readonly games: readonly GameLine[] }>,
      life.harness.send({ cmd: "list-peers" }) as Promise<{ readonly peers: readonly PeerLine[] }>,
    ]);
    return { games, peers };
  }

  /** What its process holds, after everything that can be collected is. */
  async sample(): Promise<Sample> {
    const life = this.#life;
    if (life === null) throw new Error(`${this.name} does not run`);
    const { sampleFile } = this.#options;
    await rm(sampleFile, { force: true });
    life.harness.kill("SIGUSR2");
    const text = await eventually(() => readFile(sampleFile, "utf8"), {
      what: `${this.name}'s answer about its memory`,
      deadlineMs: SAMPLE_DEADLINE_MS,
    });
    const files = (await readdir(`/proc/${life.harness.pid}/fd`)).length;
    return { ...(JSON.parse(text) as Omit<Sample, "files">), files };
  }

  note(text: string): void {
    this.history.push(`${new Date().toISOString().slice(11, 23)} ${text}`);
    if (this.history.length > EVENTS_KEPT) this.history.shift();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const life = this.#life;
    if (life === null) return;
    this.#isEndExpected = true;
    life.harness.kill(signal);
    await life.harness.exited;
    this.#life = null;
  }
}

/** The joint library comes whole with every change: too much to keep. */
function isKept({ event }: HarnessEvent): boolean {
  return event !== "list-games" && event !== "local-library-changed";
}

function shorten({ event, data }: HarnessEvent): string {
  const games = data["games"];
  if (!Array.isArray(games)) return `${event} ${JSON.stringify(data)}`;
  const rev = data["library_rev"];
  return `${event} of ${games.length} games${rev === undefined ? "" : `, revision ${String(rev)}`}`;
}

function describe(what: DiskAction | ProcessAction): string {
  const { kind, ...rest } = what;
  return `>> ${kind} ${Object.values(rest).join(" ")}`;
}
