import { resolve } from "node:path";
import { contentId, type GameId, type Hash, type LibrarySnapshot, type LocalGame } from "@lanspread/proto";
import { PeerError, toPeerError } from "../errors/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { MAX_WARNINGS, ROOTS_AT_ONCE } from "./constants.ts";
import { Entries } from "./entries.ts";
import { digestBytes, digestsOf, type IndexEntry, isUnread, manifestOf, unreadableEntry } from "./entry.ts";
import { examineRoot, type SeenFiles } from "./examine.ts";
import { createHashQueue, type HashQueue } from "./hash-queue.ts";
import { createIndexStore, type IndexStore } from "./index-store.ts";
import { entryPath } from "./listed-entry.ts";
import { createLooker, type Looker } from "./looker.ts";
import { mapLimited } from "./map-limited.ts";
import { createPieceHasher, type PieceHasher } from "./piece-hasher.ts";
import { createPublisher, type Publisher } from "./publisher.ts";
import { listRoots, type Roots } from "./roots.ts";
import { SettledRoots } from "./settled-roots.ts";
import { createSingleFlight, type SingleFlight } from "./single-flight.ts";
import { isServable, localGameOf, summaryOf } from "./summary.ts";
import type {
  KnownContent,
  Library,
  LibraryChangeEvent,
  LibraryOptions,
  LibraryState,
  ServableGame,
} from "./types.ts";

/** Creates the library of a games directory. Nothing is read before {@link Library.start}. */
export function createLibrary(options: LibraryOptions): Library {
  return new LocalLibrary(options);
}

/** One look at one game. */
interface Look {
  readonly gamesDir: string;
  readonly id: GameId;
  readonly before: IndexEntry | undefined;
  /** Whether the payload is listed even if the root looks unchanged. */
  readonly walk: boolean;
  readonly seen: SeenFiles;
}

class LocalLibrary implements Library {
  readonly #options: LibraryOptions;
  readonly #logger: Logger;
  readonly #store: IndexStore;
  readonly #publisher: Publisher;
  readonly #roots: SettledRoots;
  readonly #hasher: PieceHasher = createPieceHasher();
  readonly #looker: Looker = createLooker();
  readonly #hashQueue: HashQueue;
  readonly #looks: SingleFlight<GameId> = createSingleFlight((id, superseded) => this.#look(id, superseded));
  readonly #scans: SingleFlight<"all" | "list"> = createSingleFlight((what) => this.#scan(what));
  readonly #handlers = new Set<(event: LibraryChangeEvent) => void>();
  readonly #closing = new AbortController();
  readonly #entries: Entries;
  /** Made once per entry: every request for a piece asks. */
  readonly #servable = new WeakMap<IndexEntry, ServableGame>();
  /** Games whose operation has ended its changes but still holds its slot. */
  readonly #released = new Set<GameId>();
  readonly #known = new Map<GameId, KnownContent>();
  /** Games that are to be walked even if they look unchanged. */
  readonly #suspect = new Set<GameId>();
  #gamesDir: string;
  #problem: PeerError | null = null;
  #warnings: readonly string[] = [];
  #watchWarning: string | null = null;
  /** Why others are not told what is here; null where they are. */
  #unannounced: string | null = null;
  #lookCount = 0;
  #walkCount = 0;
  /** What {@link #tell} compares with, so that nobody is told of a change that is none. */
  #localKey = "";
  #scanned = false;

  constructor(options: LibraryOptions) {
    this.#options = options;
    this.#logger = (options.logger ?? silentLogger).child("library");
    this.#gamesDir = resolve(options.gamesDir);
    this.#store = createIndexStore(options.stateDir, this.#logger);
    this.#roots = new SettledRoots(options.recover);
    this.#entries = new Entries(this.#store, this.#logger);
    this.#publisher = createPublisher({
      store: this.#store,
      announce: () => this.#entries.sorted().flatMap((entry) => this.#summary(entry) ?? []),
      onPublished: (changed) => {
        this.#unannounced = null;
        this.#tell(changed);
      },
    });
    this.#hashQueue = createHashQueue({
      hasher: this.#hasher,
      logger: this.#logger,
      onDone: (entry, digests) => this.#adoptDigests(entry, digests),
      onChanged: (id) => {
        this.#suspect.add(id);
        return this.#lookAndPublish(id);
      },
    });
    options.signal?.addEventListener("abort", () => this.#closing.abort(), { once: true });
    if (options.signal?.aborted === true) this.#closing.abort();
  }

  async settle(): Promise<void> {
    await this.#listRoots();
  }

  async start(): Promise<void> {
    await this.#publisher.open();
    await this.rescanAll();
  }

  snapshot(): LibrarySnapshot {
    return this.#publisher.snapshot();
  }

  localGames(): readonly LocalGame[] {
    const { catalog } = this.#options;
    return this.#entries
      .sorted()
      .flatMap((entry) => localGameOf(entry, catalog, this.#isBlocked(entry.id)) ?? []);
  }

  state(): LibraryState {
    return {
      gamesDir: this.#gamesDir,
      problem: this.#problem,
      warnings: this.#allWarnings(),
      looks: this.#lookCount,
      walks: this.#walkCount,
      hashing: this.#hashQueue.current(),
      isAnnounced: this.#unannounced === null,
      isRead: this.#entries.areRead,
    };
  }

  manifestOf(id: GameId): ServableGame | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#isBlocked(id) || !isServable(entry, this.#options.catalog))
      return undefined;
    const known = this.#servable.get(entry);
    if (known !== undefined) return known;
    const manifest = manifestOf(entry);
    if (manifest === null) return undefined;
    const servable = { manifest, digests: digestsOf(entry) };
    this.#servable.set(entry, servable);
    return servable;
  }

  pieceDigests(id: GameId): Uint8Array | null {
    return this.manifestOf(id)?.digests ?? null;
  }

  async hold(id: GameId): Promise<void> {
    this.#released.delete(id);
    this.#hashQueue.drop(id);
    await this.#publish();
  }

  async release(id: GameId, known?: KnownContent): Promise<void> {
    this.#released.add(id);
    this.#hashQueue.forgive(id);
    if (known !== undefined) this.#known.set(id, known);
    try {
      await this.#lookAndPublish(id);
    } finally {
      this.#known.delete(id);
    }
  }

  async rescan(id: GameId, options: { readonly walk?: boolean } = {}): Promise<boolean> {
    if (this.#isBlocked(id)) return false;
    if (options.walk === true) this.#suspect.add(id);
    this.#hashQueue.forgive(id);
    await this.#lookAndPublish(id);
    return true;
  }

  async rescanAll(options: { readonly walk?: boolean } = {}): Promise<void> {
    if (options.walk === true) for (const id of this.#entries.ids()) this.#suspect.add(id);
    await this.#scans.run("all");
    this.#scanned = true;
    await this.#publish();
  }

  async relist(): Promise<void> {
    await this.#scans.run("list");
    await this.#publish();
  }

  async setWatchWarning(warning: string | null): Promise<void> {
    this.#watchWarning = warning;
    await this.#publish();
  }

  async setGamesDir(dir: string): Promise<void> {
    await listRoots(dir);
    this.#closing.signal.throwIfAborted();
    this.#gamesDir = resolve(dir);
    this.#scanned = false;
    // Looks that are under way compare the directory when they end, and are dropped.
    for (const id of this.#entries.ids()) this.#hashQueue.drop(id);
    this.#entries.clear();
    this.#suspect.clear();
    await this.rescanAll();
  }

  setHashingPaused(paused: boolean): void {
    this.#hasher.setPaused(paused);
  }

  hashed(): Promise<void> {
    return this.#hashQueue.idle();
  }

  onChange(handler: (event: LibraryChangeEvent) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#hashQueue.close();
    await Promise.all([this.#hasher.close(), this.#looker.close()]);
    await this.#scans.idle();
    await this.#looks.idle();
    await this.#publisher.idle();
    this.#handlers.clear();
  }

  #summary(entry: IndexEntry): ReturnType<typeof summaryOf> {
    return summaryOf(entry, this.#options.catalog, this.#isBlocked(entry.id));
  }

  #isBlocked(id: GameId): boolean {
    if (this.#options.isBusy(id)) return !this.#released.has(id);
    this.#released.delete(id);
    return false;
  }

  #allWarnings(): readonly string[] {
    const isEmpty = this.#scanned && this.#problem === null && this.#entries.size === 0;
    return [
      ...this.#warnings,
      ...(isEmpty ? [`the games directory ${this.#gamesDir} holds no games yet`] : []),
      ...(this.#watchWarning === null ? [] : [this.#watchWarning]),
      ...(this.#unannounced === null ? [] : [`other peers are not told of changes: ${this.#unannounced}`]),
    ];
  }

  /** Looks at every root, or at those that are new or could not be read last time, and forgets the games that have none any more. */
  async #scan(what: "all" | "list"): Promise<void> {
    const { catalog } = this.#options;
    const roots = await this.#listRoots();
    const ids = roots?.ids.filter((id) => catalog.has(id)) ?? [];
    const present = new Set(ids);
    const gone = [...this.#entries.ids()].filter((id) => !present.has(id) && !this.#isBlocked(id));
    if (this.#problem !== null) for (const id of gone) this.#forget(id);
    // A root may have come since the listing: what is not in it is looked at before it is forgotten.
    const wanted = what === "all" ? [...ids] : ids.filter((id) => !this.#entries.isRead(id));
    if (this.#problem === null) wanted.push(...gone);
    for (const id of wanted) this.#hashQueue.forgive(id);
    await mapLimited(wanted, ROOTS_AT_ONCE, (id) => this.#looks.run(id), this.#closing.signal);
  }

  /** The roots of the games directory; null where it cannot be used, for which {@link #problem} has the reason. */
  async #listRoots(): Promise<Roots | null> {
    try {
      const roots = await this.#roots.list(this.#gamesDir);
      this.#problem = null;
      this.#warnings = theFirstOf(roots.warnings);
      return roots;
    } catch (error) {
      const problem = toPeerError(error);
      const { code, message, hint } = problem;
      // A host says it: it is part of the state.
      if (message !== this.#problem?.message) this.#logger.info(message, { code, hint });
      this.#problem = problem;
      this.#warnings = [];
      return null;
    }
  }

  async #lookAndPublish(id: GameId): Promise<void> {
    await this.#looks.run(id);
    await this.#publish();
  }

  /** One look at one game; only {@link #looks} calls it. */
  async #look(id: GameId, superseded: () => boolean): Promise<void> {
    const recovering = this.#roots.recovering();
    if (recovering !== null) await recovering;
    if (this.#isBlocked(id) || !this.#options.catalog.has(id)) return;
    if (this.#problem !== null) {
      // What may have come back is put right first, by the next scan.
      this.#forget(id);
      return;
    }
    const gamesDir = this.#gamesDir;
    const before = this.#entries.get(id);
    const walk = this.#suspect.delete(id);
    this.#lookCount += 1;
    const seen = this.#known.get(id)?.seen ?? new Map();
    const examined = await this.#examine({ gamesDir, id, before, walk, seen });
    const entry = examined === null ? null : this.#withKnownDigests(examined);
    const isOld = (): boolean => superseded() || this.#isBlocked(id) || gamesDir !== this.#gamesDir;
    // What was noticed below the root is not forgotten with a look that came to nothing.
    const isLost = isOld() || (entry !== null && isUnread(entry));
    // Nor is believed for long what was seen before this look.
    if ((walk && isLost) || seen.size > 0) this.#suspect.add(id);
    if (isOld()) return;
    if (entry === null) {
      this.#forget(id);
      return;
    }
    if (entry !== before && !(await this.#entries.replace(entry, isOld))) {
      if (walk) this.#suspect.add(id);
      return;
    }
    this.#hashIfNeeded(entry);
  }

  async #examine({ gamesDir, id, before, walk, seen }: Look): Promise<IndexEntry | null> {
    const { signal } = this.#closing;
    const looker = this.#looker;
    const onWalk = (): void => {
      this.#walkCount += 1;
    };
    try {
      const root = entryPath(gamesDir, id);
      const isKnown = before !== undefined && !isUnread(before);
      const entryFile = isKnown ? null : this.#options.stateDir.libraryEntry(id);
      const sight = await looker.look({ root, entryFile });
      if (sight.status === "no-root") return null;
      if (sight.status === "failed") throw new PeerError(sight.code, sight.message);
      const previous = isKnown ? before : await this.#store.loadEntry(id, sight.entryText);
      return await examineRoot({ id, root, sight, looker, previous, walk, seen, onWalk, signal });
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = toPeerError(error);
      const isSaid = before !== undefined && isUnread(before) && before.warnings.includes(message);
      if (!isSaid) this.#logger.warn("a game cannot be read", { gameId: id, code, message });
      return unreadableEntry(id, message);
    }
  }

  #withKnownDigests(entry: IndexEntry): IndexEntry {
    const known = this.#known.get(entry.id);
    if (known === undefined || entry.manifestHash !== known.manifestHash) return entry;
    if (known.digests.length !== digestBytes(entry.files)) return entry;
    return hashedEntry(entry, known.manifestHash, known.digests);
  }

  #forget(id: GameId): void {
    this.#entries.remove(id);
    this.#hashQueue.drop(id);
  }

  #hashIfNeeded(entry: IndexEntry): void {
    const wanted = entry.contentId === null && entry.manifestHash !== null;
    if (wanted && isServable(entry, this.#options.catalog)) this.#hashQueue.add(this.#gamesDir, entry);
  }

  async #adoptDigests(entry: IndexEntry, digests: Uint8Array): Promise<void> {
    const { id, manifestHash } = entry;
    const isOld = (): boolean => this.#entries.get(id) !== entry || this.#isBlocked(id);
    if (manifestHash === null || isOld()) return;
    const hashed = hashedEntry(entry, manifestHash, digests);
    if (await this.#entries.replace(hashed, isOld)) await this.#publish();
  }

  async #publish(): Promise<void> {
    // Half a library is not announced: the first scan publishes when it has seen everything.
    if (!this.#scanned) return;
    try {
      await this.#publisher.publish();
    } catch (error) {
      // The old revision stays announced; whoever watches over the library tries again soon.
      const { message } = toPeerError(error);
      if (message !== this.#unannounced) {
        this.#logger.error("the library's revision could not be written: changes are not announced", {
          error,
        });
      }
      this.#unannounced = message;
      this.#tell(false);
    }
  }

  #tell(snapshotChanged: boolean): void {
    // Under its revision: a change that comes while one is being published is told with the next revision once more.
    const { library_rev } = this.#publisher.snapshot();
    const problem = this.#problem?.message ?? null;
    const localKey = JSON.stringify([library_rev, this.localGames(), problem, this.#allWarnings()]);
    const localChanged = localKey !== this.#localKey;
    this.#localKey = localKey;
    if (!snapshotChanged && !localChanged) return;
    for (const handler of this.#handlers) {
      try {
        handler({ snapshotChanged, localChanged });
      } catch (error) {
        this.#logger.error("a listener of the library failed", { error });
      }
    }
  }
}

/** They go along with every event: whoever names a folder of thousands of folders that are no games reads some. */
function theFirstOf(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= MAX_WARNINGS) return warnings;
  const rest = warnings.length - MAX_WARNINGS;
  return [
    ...warnings.toSorted().slice(0, MAX_WARNINGS),
    `and ${rest} more folders and links that are no games`,
  ];
}

function hashedEntry(entry: IndexEntry, manifestHash: Hash, digests: Uint8Array): IndexEntry {
  return {
    ...entry,
    contentId: contentId(manifestHash, digests),
    pieces: Buffer.from(digests).toString("base64"),
  };
}
