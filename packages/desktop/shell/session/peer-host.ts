import { join } from "node:path";
import {
  type Catalog,
  type Logger,
  openCatalog,
  type Peer,
  PeerError,
  reasonOf,
  type StateDirClaim,
  startPeer,
  toPeerError,
} from "@lanspread/peer";
import { asGameId, type GameId, type PeerId, type RuntimeEvent } from "@lanspread/proto";
import { type Failures, failuresAfter } from "../../protocol/failures.ts";
import type { PageMessage } from "../../protocol/messages.ts";
import { progressAfter } from "../../protocol/progress.ts";
import { PEER_SETTINGS, type Settings, type SettingsChange } from "../../protocol/settings.ts";
import type { DesktopSnapshot, Setup } from "../../protocol/snapshot.ts";
import { Covers } from "../covers/covers.ts";
import { listFolder } from "../folders/list-folder.ts";
import { makeFolder } from "../folders/make-folder.ts";
import type { LogBook } from "../logs/log-book.ts";
import { narrate } from "../logs/narrate.ts";
import { openFolder } from "../play/open-folder.ts";
import { type PlayOptions, play, startServer } from "../play/play.ts";
import { Starts } from "../play/starts.ts";
import { checkChange } from "../settings/check-change.ts";
import { networkChoices } from "../settings/networks.ts";
import { fixedSettings } from "../settings/peer-settings.ts";
import type { SettingsFile } from "../settings/settings-file.ts";
import { factsOf } from "./facts-of.ts";
import { lookAtGame } from "./look-at-game.ts";
import type { PageHost } from "./page-session.ts";
import { partyView } from "./party-view.ts";
import { peerOptions, type Started, type StartOptions, startWithSettings } from "./start-with-settings.ts";
import { whenThere } from "./when-there.ts";
import type { WindowList } from "./window-list.ts";

type PlayRequest = Extract<PageMessage, { readonly type: "play" | "start-server" }>;

/** Settings that a running peer cannot take: a change of them starts another one. */
const RESTARTING = PEER_SETTINGS.filter((name) => name !== "gamesDir");

export interface PeerHostOptions extends StartOptions {
  readonly settings: SettingsFile;
  /** Of the program. */
  readonly version: string;
  /** Those that show the page. */
  readonly windows: WindowList;
  /** Shows a window, or opens another one. */
  readonly wantWindow: (kind: "show" | "open") => Promise<void>;
  /** Ends the app. */
  readonly quit: () => void;
  /** What pages are shown of the log. */
  readonly logs: LogBook;
  readonly logger: Logger;
}

/** The peer behind the pages. A change of settings that it was started with replaces it; pages see a new snapshot. */
export class PeerHost implements PageHost, AsyncDisposable {
  /** Pictures of the catalog. */
  readonly covers: Covers;
  readonly #options: PeerHostOptions;
  readonly #setup: Omit<Setup, "problem">;
  readonly #facts: DesktopSnapshot["facts"];
  readonly #eventHandlers = new Set<(event: RuntimeEvent) => void>();
  readonly #snapshotHandlers = new Set<() => void>();
  readonly #failed = Promise.withResolvers<{ readonly message: string }>();
  #peer: Peer;
  /** Why the peer is alone. */
  #problem: Setup["problem"];
  /** Why the games directory could not be used when pages were told last. */
  #toldProblem: string | null = null;
  #progress: DesktopSnapshot["progress"] = {};
  /** When those who are here came, milliseconds since 1970. */
  readonly #since = new Map<PeerId, number>();
  #failures: Failures = {};
  readonly #starts = new Starts();
  /** Set-ups that were started and could not be noted on the disk. */
  readonly #unnoted = new Set<GameId>();
  /** One change after the other. */
  #changing: Promise<unknown> = Promise.resolve();
  /** Ends waiting for a network that is gone. */
  #noMoreWaiting: (() => void) | null = null;
  #isOver = false;

  private constructor(options: PeerHostOptions, catalog: Catalog, { peer, problem }: Started) {
    this.#options = options;
    this.#facts = factsOf(catalog);
    this.covers = Covers.of(peerOptions(options).catalog, catalog.entries(), options.logger);
    const { partyCa = null, interfaces = [] } = options.explicit;
    const fixed = fixedSettings(options.explicit);
    this.#setup = { fixed, said: { partyCa, interfaces }, stateDir: peerOptions(options).stateDir };
    this.#peer = peer;
    this.#problem = problem;
    this.#follow(peer);
  }

  /**
   * @param claim of the state directory: the peer takes it over
   * @throws PeerError
   */
  static async start(options: PeerHostOptions, claim: StateDirClaim): Promise<PeerHost> {
    const catalog = await openCatalog(peerOptions(options).catalog);
    return new PeerHost(options, catalog, await startWithSettings(options, claim));
  }

  /** Resolves when the peer has failed, with the reason. */
  get failed(): Promise<{ readonly message: string }> {
    return this.#failed.promise;
  }

  get peer(): Peer {
    return this.#peer;
  }

  snapshot(): DesktopSnapshot {
    const { settings, version, windows } = this.#options;
    const { localGames: _, remoteGames: __, ...peer } = this.#peer.snapshot();
    return {
      ...peer,
      facts: this.#facts,
      progress: this.#progress,
      failures: this.#failures,
      settings: settings.get(),
      setup: { ...this.#setup, problem: this.#problem },
      version,
      windows: windows.count,
    };
  }

  onEvent(handler: (event: RuntimeEvent) => void): () => void {
    this.#eventHandlers.add(handler);
    return () => this.#eventHandlers.delete(handler);
  }

  onWindows(handler: (count: number) => void): () => void {
    const { windows } = this.#options;
    let { count } = windows;
    return windows.onChange(() => {
      if (windows.count !== count) handler(windows.count);
      count = windows.count;
    });
  }

  onSnapshotDue(handler: () => void): () => void {
    this.#snapshotHandlers.add(handler);
    return () => this.#snapshotHandlers.delete(handler);
  }

  async answer(message: PageMessage, signal: AbortSignal): Promise<unknown> {
    switch (message.type) {
      case "command":
        // What pages choose is looked at, and kept.
        if (message.command.type === "set-game-dir")
          return await this.#change({ gamesDir: message.command.path });
        return await this.#peer.send(message.command, { signal });
      case "play":
        return await this.#starts.once(`play ${message.gameId}`, () => play(this.#playOptions(message)));
      case "start-server":
        return await this.#starts.once(`server ${message.gameId}`, () =>
          startServer(this.#playOptions(message)),
        );
      case "open-folder":
        return await openFolder(join(this.#peer.snapshot().status.gamesDir, asGameId(message.gameId)));
      case "look-at-game":
        return await lookAtGame({
          peer: this.#peer,
          stateDir: this.#setup.stateDir,
          gameId: asGameId(message.gameId),
        });
      case "open-games-folder":
        return await openFolder(this.#peer.snapshot().status.gamesDir);
      case "alive":
        return null;
      case "open-window":
        return await this.#options.wantWindow("open");
      case "show-window":
        return await this.#options.wantWindow("show");
      case "tell-focus":
        return this.#options.windows.tell(signal, message.has);
      case "quit":
        return this.#options.quit();
      case "read-log":
        return await this.#options.logs.read(message, signal);
      case "party":
        return partyView(this.#peer.snapshot(), this.#since);
      case "list-folder":
        return await listFolder(message.path);
      case "make-folder":
        return await makeFolder(message.parent, message.name);
      case "networks":
        return networkChoices(this.#networks());
      case "change-settings":
        return await this.#change(message.change);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#changing;
    this.#noMoreWaiting?.();
    await this.#peer.stop();
  }

  /** Whether games are worked on, or go out to others. */
  get isBusy(): boolean {
    const { operations, outboundTransfers } = this.#peer.snapshot().status;
    return operations.length > 0 || Object.keys(outboundTransfers).length > 0;
  }

  #networks(): readonly string[] {
    const { fixed, said } = this.#setup;
    return fixed.includes("interfaces") ? said.interfaces : (this.#options.settings.get().interfaces ?? []);
  }

  #playOptions({ gameId, language: ofPage = "en" }: PlayRequest): PlayOptions {
    const { settings, logger } = this.#options;
    const { status, games } = this.#peer.snapshot();
    const { language = ofPage } = settings.get();
    const id = asGameId(gameId);
    const gameName = games.find((game) => game.id === id)?.name ?? id;
    if (status.operations.some((operation) => operation.gameId === id)) {
      throw new PeerError("operation-in-progress", `${gameName} is being worked on at the moment.`);
    }
    return {
      gameId: id,
      gameName,
      root: join(status.gamesDir, id),
      stateDir: this.#setup.stateDir,
      unnoted: this.#unnoted,
      // What was said at the start counts here, too.
      playerName: status.name,
      language,
      logger,
    };
  }

  #change(asked: SettingsChange): Promise<void> {
    const changed = this.#changing.then(async () => {
      const { settings } = this.#options;
      const change = await checkChange(asked, this.#setup.fixed);
      const before = settings.get();
      const isOfPeer = PEER_SETTINGS.some((name) => change[name] !== undefined);
      const isNew = RESTARTING.some(
        (name) => change[name] !== undefined && !isSame(before[name], change[name]),
      );
      const restarts = isNew || (isOfPeer && this.#problem !== null);
      if (restarts) this.#requireIdle();
      else await this.#changeGamesDir(change.gamesDir);
      await settings.change(change);
      if (restarts) await this.#restart(before);
      this.#tellSnapshot();
    });
    this.#changing = changed.catch(() => this.#tellSnapshot());
    return changed;
  }

  async #changeGamesDir(chosen: SettingsChange["gamesDir"]): Promise<void> {
    if (chosen === undefined) return;
    const path = chosen ?? this.#options.peer.gamesDir;
    const { status, gamesDirProblem } = this.#peer.snapshot();
    if (path === status.gamesDir && gamesDirProblem === null) return;
    await this.#peer.send({ type: "set-game-dir", path });
  }

  #tellSnapshot(): void {
    this.#toldProblem = this.#peer.snapshot().gamesDirProblem?.message ?? null;
    for (const handler of this.#snapshotHandlers) handler();
  }

  #requireIdle(): void {
    const { operations } = this.#peer.snapshot().status;
    if (operations.length === 0) return;
    throw new PeerError("operation-in-progress", "Games are being worked on at the moment.", {
      hint: "Change this when the downloads and installs have ended, or cancel them.",
    });
  }

  /** @throws PeerError where a peer cannot be started with the settings: they are then what they were, and so is the peer */
  async #restart(before: Settings): Promise<void> {
    await this.#peer.stop();
    try {
      this.#take({ peer: await startPeer(peerOptions(this.#options)), problem: null });
    } catch (error) {
      await this.#options.settings.replace(before).catch((failure: unknown) => {
        this.#options.logger.error("the settings could not be put back on disk", { error: failure });
      });
      this.#take(await this.#startAgain());
      throw error;
    }
  }

  /** There is no app without a peer: where none can be started, that ends it. */
  async #startAgain(): Promise<Started> {
    try {
      return await startWithSettings(this.#options);
    } catch (error) {
      this.#failed.resolve(reasonOf(toPeerError(error)));
      throw error;
    }
  }

  #take({ peer, problem }: Started): void {
    this.#peer = peer;
    this.#problem = problem;
    this.#follow(peer);
  }

  /** Where the chosen networks are gone: tries it again when one of them is back. */
  #awaitNetwork(): void {
    this.#noMoreWaiting?.();
    this.#noMoreWaiting = null;
    if (this.#problem?.code !== "no-network-interface") return;
    const { interfaces = [] } = peerOptions(this.#options);
    this.#noMoreWaiting = whenThere(interfaces, () => {
      this.#noMoreWaiting?.();
      this.#changing = this.#changing.then(() => this.#tryAgain());
    });
  }

  async #tryAgain(): Promise<void> {
    if (this.#problem === null || this.#isOver) return;
    try {
      this.#requireIdle();
      await this.#restart(this.#options.settings.get());
    } catch (error) {
      this.#options.logger.debug("a network is back, and cannot be used yet", { error });
      this.#awaitNetwork();
    }
    this.#tellSnapshot();
  }

  #follow(peer: Peer): void {
    this.#awaitNetwork();
    this.#progress = {};
    this.#since.clear();
    this.#failures = {};
    void peer.stopped.then(({ failed }) => {
      if (failed !== null) this.#failed.resolve(failed);
    });
    peer.onEvent((event) => {
      this.#progress = progressAfter(this.#progress, event);
      if (event.type === "peer-discovered") this.#since.set(event.peerId, Date.now());
      else if (event.type === "peer-lost") this.#since.delete(event.peerId);
      const told = narrate(event);
      if (told !== null) this.#options.logger.child(told.source)[told.level](told.message, told.fields);
      this.#failures = failuresAfter(this.#failures, event);
      for (const handler of this.#eventHandlers) handler(event);
      if (event.type !== "local-library-changed") return;
      if ((peer.snapshot().gamesDirProblem?.message ?? null) !== this.#toldProblem) this.#tellSnapshot();
    });
  }
}

function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before ?? null) === JSON.stringify(after ?? null);
}
