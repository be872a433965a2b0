import { join } from "node:path";
import {
  type Catalog,
  type Logger,
  openCatalog,
  type Peer,
  PeerError,
  type PeerOptions,
  startPeer,
} from "@lanspread/peer";
import { asGameId, type PeerId, type RuntimeEvent } from "@lanspread/proto";
import { type Failures, failuresAfter } from "../../protocol/failures.ts";
import type { PageMessage } from "../../protocol/messages.ts";
import { progressAfter } from "../../protocol/progress.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { DesktopSnapshot, GameFacts } from "../../protocol/snapshot.ts";
import { Covers } from "../covers/covers.ts";
import type { LogBook } from "../logs/log-book.ts";
import { narrate } from "../logs/narrate.ts";
import { openFolder } from "../play/open-folder.ts";
import { type PlayOptions, play, startServer } from "../play/play.ts";
import type { SettingsFile } from "../settings/settings-file.ts";
import { lookAtGame } from "./look-at-game.ts";
import type { PageHost } from "./page-session.ts";
import { partyView } from "./party-view.ts";

/** Settings that a peer is started with: a change of them starts another one. */
const OF_THE_PEER = ["playerName", "party", "partyCa", "interfaces", "lanes"] as const;

export interface PeerHostOptions {
  /** What the peer is started with where the settings say nothing. */
  readonly peer: PeerOptions;
  /** What it is started with whatever they say: whoever started the app has said so. */
  readonly explicit: Partial<PeerOptions>;
  readonly settings: SettingsFile;
  /** Of the program. */
  readonly version: string;
  readonly openWindow: () => Promise<void>;
  /** What pages are shown of the log. */
  readonly logs: LogBook;
  readonly logger: Logger;
}

/** The peer behind the pages. A change of settings that it was started with replaces it; pages see a new snapshot. */
export class PeerHost implements PageHost, AsyncDisposable {
  /** Pictures of the catalog. */
  readonly covers: Covers;
  readonly #options: PeerHostOptions;
  readonly #facts: DesktopSnapshot["facts"];
  readonly #eventHandlers = new Set<(event: RuntimeEvent) => void>();
  readonly #snapshotHandlers = new Set<() => void>();
  readonly #failed = Promise.withResolvers<{ readonly message: string }>();
  #peer: Peer;
  #progress: DesktopSnapshot["progress"] = {};
  /** When those who are here came, milliseconds since 1970. */
  readonly #since = new Map<PeerId, number>();
  #failures: Failures = {};
  /** One change after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(options: PeerHostOptions, catalog: Catalog, peer: Peer) {
    this.#options = options;
    this.#facts = factsOf(catalog);
    this.covers = Covers.of(peerOptions(options).catalog, catalog.entries(), options.logger);
    this.#peer = peer;
    this.#follow(peer);
  }

  /** @throws PeerError, among others `state-locked` where another peer has the state directory */
  static async start(options: PeerHostOptions): Promise<PeerHost> {
    const catalog = await openCatalog(peerOptions(options).catalog);
    return new PeerHost(options, catalog, await startPeer(peerOptions(options)));
  }

  /** Resolves when the peer has failed, with the reason. */
  get failed(): Promise<{ readonly message: string }> {
    return this.#failed.promise;
  }

  get peer(): Peer {
    return this.#peer;
  }

  snapshot(): DesktopSnapshot {
    const { settings, version } = this.#options;
    const { status, games, peers, outbound, incompatible, warnings, networkProblem } = this.#peer.snapshot();
    const peer = { status, games, peers, outbound, incompatible, warnings, networkProblem };
    return {
      ...peer,
      facts: this.#facts,
      progress: this.#progress,
      failures: this.#failures,
      settings: settings.get(),
      version,
    };
  }

  onEvent(handler: (event: RuntimeEvent) => void): () => void {
    this.#eventHandlers.add(handler);
    return () => this.#eventHandlers.delete(handler);
  }

  onSnapshotDue(handler: () => void): () => void {
    this.#snapshotHandlers.add(handler);
    return () => this.#snapshotHandlers.delete(handler);
  }

  async answer(message: PageMessage, signal: AbortSignal): Promise<unknown> {
    switch (message.type) {
      case "command":
        return await this.#peer.send(message.command, { signal });
      case "play":
        return await play(this.#playOptions(message.gameId));
      case "start-server":
        return await startServer(this.#playOptions(message.gameId));
      case "open-folder":
        return await openFolder(join(this.#peer.snapshot().status.gamesDir, asGameId(message.gameId)));
      case "look-at-game":
        return await lookAtGame({
          peer: this.#peer,
          stateDir: this.#stateDir,
          gameId: asGameId(message.gameId),
        });
      case "open-window":
        return await this.#options.openWindow();
      case "read-log":
        return await this.#options.logs.read(message, signal);
      case "party":
        return partyView(this.#peer.snapshot(), this.#since);
      case "change-settings":
        return await this.#change(message.change);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#changing;
    await this.#peer.stop();
  }

  get #stateDir(): string {
    const { peer, explicit } = this.#options;
    return { ...peer, ...explicit }.stateDir;
  }

  #playOptions(gameId: string): PlayOptions {
    const { settings, logger } = this.#options;
    const { status } = this.#peer.snapshot();
    const { playerName = status.name, language = "en" } = settings.get();
    const id = asGameId(gameId);
    if (status.operations.some((operation) => operation.gameId === id)) {
      throw new PeerError("operation-in-progress", `${id} is being worked on at the moment.`);
    }
    return {
      gameId: id,
      root: join(status.gamesDir, id),
      stateDir: this.#stateDir,
      playerName,
      language,
      logger,
    };
  }

  #change(change: Parameters<SettingsFile["change"]>[0]): Promise<void> {
    const changed = this.#changing.then(async () => {
      const { settings } = this.#options;
      const before = settings.get();
      if (change.gamesDir !== undefined && change.gamesDir !== null && change.gamesDir !== before.gamesDir) {
        await this.#peer.send({ type: "set-game-dir", path: change.gamesDir });
      }
      const restarts = OF_THE_PEER.some((key) => key in change && !isSame(before[key], change[key]));
      if (restarts) this.#requireIdle();
      await settings.change(change);
      if (restarts) await this.#restart();
      for (const handler of this.#snapshotHandlers) handler();
    });
    this.#changing = changed.catch(() => {});
    return changed;
  }

  #requireIdle(): void {
    const { operations } = this.#peer.snapshot().status;
    if (operations.length === 0) return;
    throw new PeerError("operation-in-progress", "Games are being worked on at the moment.", {
      hint: "Change this when the downloads and installs have ended, or cancel them.",
    });
  }

  async #restart(): Promise<void> {
    await this.#peer.stop();
    this.#peer = await startPeer(peerOptions(this.#options));
    this.#follow(this.#peer);
  }

  #follow(peer: Peer): void {
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
    });
  }
}

function peerOptions({ peer, settings, explicit }: PeerHostOptions): PeerOptions {
  return { ...peer, ...fromSettings(settings.get()), ...explicit };
}

function fromSettings({ playerName, gamesDir, party, partyCa, interfaces, lanes }: Settings) {
  return {
    ...(playerName === undefined ? {} : { name: playerName }),
    ...(gamesDir === undefined ? {} : { gamesDir }),
    ...(party === undefined ? {} : { party }),
    ...(partyCa === undefined ? {} : { partyCa }),
    ...(interfaces === undefined ? {} : { interfaces }),
    ...(lanes === undefined ? {} : { lanes }),
  };
}

function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before ?? null) === JSON.stringify(after ?? null);
}

function factsOf(catalog: Catalog): DesktopSnapshot["facts"] {
  const facts: Record<string, GameFacts> = {};
  for (const { id, genre, max_players, year, description, can_host_server, thumbnail } of catalog.entries()) {
    facts[id] = {
      ...(genre === undefined ? {} : { genre }),
      ...(max_players === undefined ? {} : { maxPlayers: max_players }),
      ...(year === undefined ? {} : { year }),
      ...(description === undefined ? {} : { description }),
      ...(can_host_server === undefined ? {} : { canHostServer: can_host_server }),
      ...(thumbnail === undefined ? {} : { hasCover: true }),
    };
  }
  return facts;
}
