import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@lanspread/testkit";
import { programCommand } from "lanspread";
import { type Harness, isEvent, startHarness } from "../../harness-process.ts";
import { differences, digestTree, type TreeDigest } from "../../tree-digest.ts";
import type { Workspace } from "../../workspace.ts";
import { KNOWN_DEADLINE_MS, LANES, READY_DEADLINE_MS } from "./constants.ts";
import { GAME_ID, makeNewVersion, makeOldVersion, NEW_VERSION, OLD_VERSION } from "./game.ts";

/** A URL has no blanks, which would end an option. */
const DIE_AT = new URL("./die-at.ts", import.meta.url).href;
const SOURCES = ["source-1", "source-2"] as const;
const USER_FILE = "local/save.dat";

interface ListedGame {
  readonly id: string;
  readonly version: string | null;
  readonly downloaded: boolean;
  readonly peer_count: number;
}

/** What must not be: half a game that counts as one, or bytes that are not right. */
export class Violation extends Error {}

/** A process of the receiver that has joined the others. */
export interface Receiver {
  readonly harness: Harness;
  readonly peerId: string;
}

/**
 * Two sources and somebody who watches, which stay, and the folders of a receiver, whose processes come and go. What the
 * receiver has is judged by its disk, and by what the one who watches sees of it.
 */
export class DownloadParty {
  readonly receiverLogs: string;
  readonly #workspace: Workspace;
  readonly #party = `soak-${randomBytes(6).toString("hex")}`;
  readonly #running = new Set<Harness>();
  readonly #sources: Harness[] = [];
  readonly #addrs: string[] = [];
  #watcher: Harness | null = null;
  #receiver = { games: "", state: "" };
  #new: TreeDigest = new Map();
  #old: TreeDigest = new Map();
  #lie: string | null = null;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.receiverLogs = join(workspace.logs, "receiver.log");
  }

  /** Makes the game and starts those who stay. */
  async prepare(gameBytes: number): Promise<void> {
    for (const name of SOURCES) {
      const { games } = await this.#workspace.peer(name);
      await makeNewVersion(join(games, GAME_ID), gameBytes);
      this.#new = await digestTree(join(games, GAME_ID));
      const source = await this.#start(name);
      const { addr } = await this.#ready(source);
      this.#addrs.push(addr);
      this.#sources.push(source);
      await eventually(async () => (await contentIdAt(source)) !== null, {
        what: `the digests of ${name}`,
        deadlineMs: KNOWN_DEADLINE_MS,
      });
    }
    const watcher = await this.#start("watcher");
    const { addr } = await this.#ready(watcher);
    this.#addrs.push(addr);
    this.#watcher = watcher;
    this.#receiver = await this.#workspace.peer("receiver");
    watcher.onEvent(({ event, data }) => {
      if (event === "list-games") void this.#look((data["games"] ?? []) as readonly ListedGame[]);
    });
  }

  /** Gives the receiver folders as if it came for the first time. None of its processes runs. */
  async renew(isUpdate: boolean): Promise<void> {
    const { games, state } = this.#receiver;
    for (const path of [games, state]) await rm(path, { recursive: true, force: true });
    await mkdir(games, { recursive: true });
    await mkdir(state, { mode: 0o700 });
    await mkdir(join(games, GAME_ID, "local"), { recursive: true });
    await writeFile(join(games, GAME_ID, USER_FILE), "mine");
    if (!isUpdate) return;
    await makeOldVersion(join(games, GAME_ID));
    this.#old = await digestTree(join(games, GAME_ID), { skip: isLocal });
  }

  /** Starts the receiver. @param dieAt a change of its disk at which it kills itself */
  startReceiver(dieAt: string | null): Promise<Harness> {
    return this.#start("receiver", dieAt ?? "");
  }

  /** Joins the receiver to all others as soon as it is there, and waits until it knows that the sources have the game. */
  async join(harness: Harness): Promise<Receiver> {
    const { peerId } = await this.#ready(harness);
    for (const addr of this.#addrs) await harness.send({ cmd: "connect", addr });
    await eventually(async () => (await gameAt(harness))?.peer_count === SOURCES.length, {
      what: "the sources' game at the receiver",
      deadlineMs: KNOWN_DEADLINE_MS,
    });
    return { harness, peerId };
  }

  /** The version that lies at the receiver, whole; null where there is none. @throws Violation where half a game counts as one */
  async versionOnDisk(): Promise<string | null> {
    const root = join(this.#receiver.games, GAME_ID);
    const text = await readFile(join(root, "version.ini"), "utf8").catch(() => null);
    if (text === null) return null;
    const isOld = text.includes(OLD_VERSION);
    const wrong = differences(
      isOld ? this.#old : this.#new,
      await digestTree(root, { skip: isLocalOrAside }),
    );
    if (wrong.length > 0)
      throw new Violation(`version.ini lies beside what is not its game: ${wrong.join("; ")}`);
    return isOld ? OLD_VERSION : NEW_VERSION;
  }

  /** @throws Violation where the receiver or the one who watches lists anything but what is on its disk */
  async requireHonest({ harness, peerId }: Receiver): Promise<void> {
    const onDisk = await this.versionOnDisk();
    const own = await gameAt(harness);
    if ((own?.downloaded ?? false) !== (onDisk !== null)) {
      throw new Violation(
        `the receiver lists ${JSON.stringify(own)}, its disk has ${onDisk ?? "no whole game"}`,
      );
    }
    const { library_rev } = (await harness.send({ cmd: "status" })) as { readonly library_rev: number };
    const seen = await eventually(
      async () => {
        const { peers } = (await this.#watching().send({ cmd: "list-peers" })) as {
          readonly peers: readonly { peer_id: string; library_rev: number; game_count: number }[];
        };
        return peers.find((peer) => peer.peer_id === peerId && peer.library_rev === library_rev);
      },
      { what: "the receiver's library at the one who watches", deadlineMs: KNOWN_DEADLINE_MS },
    );
    const offered = onDisk === null ? 0 : 1;
    if (seen.game_count !== offered) {
      throw new Violation(
        `others see ${seen.game_count} games at the receiver, its disk has ${onDisk ?? "none"}`,
      );
    }
    this.throwIfLied();
  }

  /** Waits until the one who watches sees the receiver as a source of the new version: what is never so before. */
  async waitForSource(): Promise<void> {
    await eventually(async () => (await gameAt(this.#watching()))?.peer_count === SOURCES.length + 1, {
      what: "the receiver as a source",
      deadlineMs: KNOWN_DEADLINE_MS,
    });
    this.throwIfLied();
  }

  /** @throws Violation where the new game is not there in every byte, or where something is left beside it */
  async requireWhole(): Promise<void> {
    const { games, state } = this.#receiver;
    const root = join(games, GAME_ID);
    const wrong = differences(this.#new, await digestTree(root, { skip: isLocal }));
    if ((await readFile(join(root, USER_FILE), "utf8")) !== "mine")
      wrong.push(`${USER_FILE} is not as it was`);
    for (const name of await readdir(join(state, "games", GAME_ID)).catch(() => [])) {
      wrong.push(`${name} is left in the state directory`);
    }
    if (wrong.length > 0) throw new Violation(`the receiver's game is not right: ${wrong.join("; ")}`);
  }

  /** @throws Violation where half a game was offered */
  throwIfLied(): void {
    if (this.#lie !== null) throw new Violation(this.#lie);
  }

  /** Bytes that the sources have read since they started: whatever they send has been read, and little else. */
  async bytesRead(): Promise<number> {
    const texts = await Promise.all(this.#sources.map(({ pid }) => readFile(`/proc/${pid}/io`, "utf8")));
    return texts.reduce((sum, text) => sum + Number(/^rchar: (\d+)/m.exec(text)?.[1]), 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((harness) => harness.close()));
  }

  killNow(): void {
    for (const harness of this.#running) harness.kill("SIGKILL");
  }

  #watching(): Harness {
    if (this.#watcher === null) throw new Error("the party is not prepared");
    return this.#watcher;
  }

  /** Whoever sees the new version at a third peer must find its sentinel there, which comes before and stays. */
  async #look(games: readonly ListedGame[]): Promise<void> {
    const game = games.find(({ id }) => id === GAME_ID);
    if (game?.version !== NEW_VERSION || game.peer_count <= SOURCES.length) return;
    const sentinel = join(this.#receiver.games, GAME_ID, "version.ini");
    const text = await readFile(sentinel, "utf8").catch(() => "");
    if (!text.includes(NEW_VERSION)) this.#lie ??= "the receiver offered a game that had not come whole";
  }

  async #start(name: string, dieAt = ""): Promise<Harness> {
    const { games, state } = await this.#workspace.peer(name);
    const harness = startHarness({
      name,
      program: [...programCommand, "harness"],
      args: [
        ...["--games-dir", games, "--state-dir", state, "--name", name, "--party", this.#party],
        ...["--interface", "127.0.0.1", "--listen", "127.0.0.1:0"],
        ...["--lanes", String(LANES), "-vv"],
      ],
      env: { LANSPREAD_SOAK_DIE: dieAt, NODE_OPTIONS: `--import=${DIE_AT}` },
      logFile: join(this.#workspace.logs, `${name}.log`),
      keep: ({ event }) => event !== "list-games" && event !== "local-library-changed",
    });
    this.#running.add(harness);
    void harness.exited.then(() => this.#running.delete(harness));
    return harness;
  }

  async #ready(harness: Harness): Promise<{ readonly addr: string; readonly peerId: string }> {
    const { data } = await harness.event(isEvent("local-peer-ready"), { deadlineMs: READY_DEADLINE_MS });
    return { addr: String(data["addr"]), peerId: String(data["peer_id"]) };
  }
}

function isLocal(path: string): boolean {
  return path === "local";
}

/** The old sentinel may lie beside the new one until the next start removes it. */
function isLocalOrAside(path: string): boolean {
  return isLocal(path) || path === ".version.ini.discarded";
}

async function gameAt(harness: Harness): Promise<ListedGame | undefined> {
  const { games } = (await harness.send({ cmd: "list-games" })) as { readonly games: readonly ListedGame[] };
  return games.find(({ id }) => id === GAME_ID);
}

async function contentIdAt(harness: Harness): Promise<string | null> {
  const { manifest } = (await harness.send({ cmd: "get-game", game_id: GAME_ID })) as {
    readonly manifest: { readonly content_id: string | null };
  };
  return manifest.content_id;
}
