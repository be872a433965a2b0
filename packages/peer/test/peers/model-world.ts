import { asGameId, type GameId, type GameSummary, type LibrarySnapshot } from "@lanspread/proto";
import { createRandom, createVirtualClock, type Random } from "@lanspread/testkit";
import { openCatalogForAll } from "../../src/catalog/index.ts";
import type { Identity } from "../../src/identity/index.ts";
import { createUnrarJsUnpacker } from "../../src/install/index.ts";
import { silentLogger } from "../../src/logger.ts";
import { createPeerMesh, type PeerMesh } from "../../src/peers/index.ts";
import { CONTROL_REQUESTS_PER_SECOND } from "../../src/serve/constants.ts";
import { createRequestServer } from "../../src/serve/index.ts";
import { createOutboundTransfers } from "../../src/transfer/index.ts";
import type { Change, Happening, Weather } from "./model-happenings.ts";
import { rightGames, rightServers } from "./model-truth.ts";
import { game } from "./support.ts";
import { createVirtualSegment, type VirtualSegment } from "./virtual-segment.ts";
import {
  createVirtualWire,
  type VirtualEndpoint,
  type VirtualWire,
  type WireFaults,
} from "./virtual-wire.ts";

/** The wire at rest: everything comes, once, soon. */
const CALM: WireFaults = { lost: () => false, doubled: () => false, delayMs: () => 5 };

/** Requests: more than may come in a second. */
const FLOOD = 1.6 * CONTROL_REQUESTS_PER_SECOND;

/** Above every limit of the mesh that is waited for: silence, back-off, time-outs, one after the other. */
const SETTLED_AFTER_MS = 240_000;
/** Above the longest pause between two tries of anything. */
const QUIET_MS = 90_000;

interface Process {
  readonly mesh: PeerMesh;
  readonly endpoint: VirtualEndpoint;
  readonly ended: AbortController;
}

/** One computer: what stays when its process ends. */
interface Computer {
  readonly identity: Identity;
  readonly index: number;
  readonly games: Map<GameId, GameSummary>;
  /** As in the state directory. */
  published: LibrarySnapshot;
  /** Grows when the state is lost, and revisions begin anew. */
  life: number;
  readonly history: Map<string, LibrarySnapshot>;
  port: number;
  process: Process | null;
}

/** A game that shows which life its owner is in: by its size. */
function markerOf({ index }: Computer): GameId {
  return asGameId(`life-of${index}`);
}

/** A party of real meshes on a virtual wire. */
export class World {
  readonly clock = createVirtualClock();
  readonly #weather: Weather;
  readonly #random: Random;
  readonly #stormy: WireFaults;
  readonly #wire: VirtualWire;
  readonly #segment: VirtualSegment | null;
  readonly #computers: readonly Computer[];
  readonly #stops: Promise<void>[] = [];
  /** Types of all requests that were sent. */
  readonly requests: string[] = [];
  /** Deltas without an answer, by sender and receiver. */
  readonly #deltas = new Map<string, number>();
  /** Life and revision that each process has of each peer. */
  readonly #seen = new Map<string, { readonly life: number; readonly rev: number }>();
  /** All that were sent. */
  #hellos = 0;
  #nextPort = 10_000;
  #processes = 0;

  constructor(identities: readonly Identity[], weather: Weather) {
    this.#weather = weather;
    this.#random = createRandom(weather.seed);
    this.#stormy = {
      lost: () => this.#random() < weather.lost,
      doubled: () => this.#random() < weather.doubled,
      delayMs: () => Math.floor(this.#random() * weather.slowest),
    };
    this.#wire = createVirtualWire(this.clock, CALM);
    this.#segment = weather.announced ? createVirtualSegment(this.clock, CALM) : null;
    this.#wire.onRequest = ({ type, from, to }) => {
      this.requests.push(type);
      if (type === "hello") this.#hellos += 1;
      return type === "library_delta" ? this.#countDelta(`${from} to ${to}`) : () => {};
    };
    this.#computers = identities.map((identity, index) => {
      const computer: Computer = {
        identity,
        index,
        games: new Map(),
        published: { library_rev: 0, games: [] },
        life: 0,
        history: new Map(),
        port: this.#nextPort++,
        process: null,
      };
      this.#publish(computer);
      return computer;
    });
  }

  /** The weather sets in: until then all is calm. */
  begin(): void {
    this.#wire.faults = this.#stormy;
    if (this.#segment !== null) this.#segment.faults = this.#stormy;
    this.requests.length = 0;
    this.#hellos = 0;
  }

  async happen(happening: Happening): Promise<void> {
    const computer = this.#computer(happening.peer);
    switch (happening.do) {
      case "change":
        return this.#changeAll(computer, happening.changes);
      case "start":
        return await this.#start(computer, false);
      case "leave":
        return this.#leave(computer);
      case "crash":
        return this.#crash(computer);
      case "restart":
        this.#crash(computer);
        if (happening.losesState) this.#loseState(computer);
        return await this.#start(computer, happening.samePort);
      case "connect": {
        const to = this.#computer(happening.to);
        // Whether it works is the weather's; what follows is looked at in the end.
        computer.process?.mesh.connect(`127.0.0.1:${to.port}`).catch(() => {});
        return;
      }
      case "flood": {
        const to = this.#computer(happening.to);
        const ping = { type: "ping", peer_id: computer.identity.peerId } as const;
        const [reached] = computer.process?.mesh.candidates(markerOf(to)) ?? [];
        for (let sent = 0; sent < FLOOD; sent++) reached?.channel.request(ping).catch(() => {});
        return this.#changeAll(computer, happening.changes);
      }
      case "cut":
        this.#wire.cut(
          computer.identity.peerId,
          this.#computer(happening.to).identity.peerId,
          happening.told,
        );
    }
  }

  /** Ends all faults, and waits until every timer has run out. @returns the requests of the time after that, but pings */
  async rest(): Promise<readonly string[]> {
    this.#wire.faults = CALM;
    // What is still under way comes before the announcements are asked for again.
    await this.clock.advanceAsync(this.#weather.slowest);
    if (this.#segment !== null) {
      this.#segment.faults = CALM;
      this.#segment.refresh();
    }
    await this.clock.advanceAsync(SETTLED_AFTER_MS);
    const before = this.requests.length;
    await this.clock.advanceAsync(QUIET_MS);
    return this.requests.slice(before).filter((type) => type !== "ping");
  }

  /** What is shown to each running peer, and what would be right. */
  views(): readonly { readonly shown: unknown; readonly truth: unknown }[] {
    const running = this.#computers.filter(({ process }) => process !== null);
    return running.map((computer) => {
      const { process } = computer;
      if (process === null) throw new Error("not running");
      const others = running.filter(
        (other) =>
          other !== computer &&
          (this.#weather.announced || this.#hasEachOther(process.mesh, computer, other)),
      );
      const ids = [...new Set(others.flatMap((other) => other.published.games.map(({ id }) => id)))];
      return {
        shown: {
          peers: process.mesh.peers(),
          games: process.mesh.games().map((entry) => ({ ...entry, versions: [...entry.versions] })),
          candidates: ids.map((id) =>
            process.mesh.candidates(id).map(({ peerId, summary }) => [peerId, summary]),
          ),
        },
        truth: {
          peers: others.map(({ identity, index, port, published }) => ({
            peerId: identity.peerId,
            name: `peer ${index}`,
            addr: `127.0.0.1:${port}`,
            libraryRev: published.library_rev,
            gameCount: published.games.length,
          })),
          games: rightGames(others).map((entry) => ({ ...entry, versions: [...entry.versions] })),
          candidates: ids.map((id) => rightServers(others, id)),
        },
      };
    });
  }

  async stop(): Promise<void> {
    this.#wire.faults = CALM;
    if (this.#segment !== null) this.#segment.faults = CALM;
    for (const computer of this.#computers) this.#leave(computer);
    const stopped = Promise.all(this.#stops);
    await this.clock.advanceAsync(60_000);
    await stopped;
  }

  #computer(index: number): Computer {
    const computer = this.#computers[index % this.#computers.length];
    if (computer === undefined) throw new Error("a party of nobody");
    return computer;
  }

  /** Each is published by itself. */
  #changeAll(computer: Computer, changes: readonly Change[]): void {
    for (const change of changes) {
      this.#change(computer, change);
      this.#publish(computer);
    }
  }

  #change({ games, index }: Computer, { game: number, to, version, size, installed }: Change): void {
    // Some games are everybody's, some are one computer's: of those, all is seen by the others.
    const id = number % 2 === 0 ? `shared${number}` : `own${number}-of${index}`;
    if (to === "gone") games.delete(asGameId(id));
    else {
      const busy = to === "busy";
      const changes = {
        version: String(version),
        size,
        installed,
        availability: busy ? "local_only" : "ready",
      };
      games.set(asGameId(id), game(id, changes));
    }
  }

  /** As the library does: a revision for every state that is another than the last one. */
  #publish(computer: Computer): void {
    const { games, history, life } = computer;
    const marker = game(markerOf(computer), { size: life });
    const sorted = [...games.values(), marker].sort((a, b) => (a.id < b.id ? -1 : 1));
    if (JSON.stringify(sorted) === JSON.stringify(computer.published.games)) return;
    computer.published = { library_rev: computer.published.library_rev + 1, games: sorted };
    history.set(`${life}:${computer.published.library_rev}`, computer.published);
    computer.process?.mesh.libraryChanged();
  }

  #loseState(computer: Computer): void {
    computer.life += 1;
    computer.published = { library_rev: 0, games: [] };
    this.#publish(computer);
  }

  async #start(computer: Computer, samePort: boolean): Promise<void> {
    if (computer.process !== null) return;
    const { identity, index } = computer;
    if (!samePort) computer.port = this.#nextPort++;
    const { port } = computer;
    const endpoint = this.#wire.endpoint(identity, port);
    const ended = new AbortController();
    const library = { snapshot: () => computer.published };
    const mesh = createPeerMesh({
      identity,
      endpoint,
      name: `peer ${index}`,
      party: "test",
      listen: { host: "127.0.0.1", port },
      library,
      catalog: openCatalogForAll,
      discovery: this.#segment?.factory ?? null,
      clock: this.clock,
      logger: silentLogger,
      signal: ended.signal,
    });
    const server = createRequestServer({
      library: {
        ...library,
        manifestOf: () => undefined,
        pieceDigests: () => null,
        rescan: async () => false,
      },
      catalog: openCatalogForAll,
      outbound: createOutboundTransfers(),
      isBusy: () => false,
      gamesDir: () => "/nowhere",
      control: mesh.handlers,
      unpacker: createUnrarJsUnpacker(),
      now: this.clock.now,
    });
    this.#processes += 1;
    const name = `process ${this.#processes}`;
    mesh.onEvent(() => this.#look(name, mesh));
    computer.process = { mesh, endpoint, ended };
    await mesh.start({ serveStream: server.serveStream.bind(server) });
  }

  #leave(computer: Computer): void {
    const { process } = computer;
    if (process === null) return;
    computer.process = null;
    this.#stops.push(
      process.mesh.stop().then(async () => {
        process.ended.abort();
        await process.endpoint.close();
      }),
    );
  }

  #crash(computer: Computer): void {
    const { process, identity } = computer;
    if (process === null) return;
    computer.process = null;
    process.endpoint.vanish();
    this.#wire.drop(process.endpoint);
    this.#segment?.vanish(identity.peerId);
    process.ended.abort();
    this.#stops.push(process.mesh.stop());
  }

  /** A party without announcements: whoever is connected must be so on both sides. */
  #hasEachOther(mesh: PeerMesh, own: Computer, other: Computer): boolean {
    const has = (of: PeerMesh, { identity }: Computer): boolean =>
      of.peers().some(({ peerId }) => peerId === identity.peerId);
    return has(mesh, other) || (other.process !== null && has(other.process.mesh, own));
  }

  /** Whatever is shown at any moment was published once, whole; and no revision goes back within a life. */
  #look(viewer: string, mesh: PeerMesh): void {
    for (const { peerId, libraryRev, gameCount } of mesh.peers()) {
      const computer = this.#computers.find(({ identity }) => identity.peerId === peerId);
      if (computer === undefined) throw new Error(`${peerId} is nobody`);
      const [marker] = mesh.candidates(markerOf(computer));
      if (marker === undefined) continue;
      const life = marker.summary.size;
      const shown = mesh.games().flatMap(({ id, versions }) => {
        const version = versions.get(peerId);
        return version === undefined ? [] : [`${id} ${version}`];
      });
      const published = computer.history.get(`${life}:${libraryRev}`);
      const right = published?.games.map(({ id, version }) => `${id} ${version}`) ?? ["nothing"];
      if (gameCount !== right.length || shown.join() !== right.join()) {
        this.#wrong(`${viewer} shows ${shown.join()} of ${life}:${libraryRev}, which was ${right.join()}`);
      }
      const key = `${viewer} ${peerId}`;
      const before = this.#seen.get(key) ?? { life, rev: libraryRev };
      if (life < before.life || (life === before.life && libraryRev < before.rev)) {
        this.#wrong(`${viewer} goes back from ${before.life}:${before.rev} to ${life}:${libraryRev}`);
      }
      this.#seen.set(key, { life, rev: libraryRev });
    }
  }

  #countDelta(pair: string): () => void {
    const count = (this.#deltas.get(pair) ?? 0) + 1;
    this.#deltas.set(pair, count);
    // One, and for each hello, which may come twice, those of the introductions before.
    if (count > 1 + 2 * this.#hellos) this.#wrong(`${count} changes are under way at once from ${pair}`);
    let isOver = false;
    return () => {
      if (!isOver) this.#deltas.set(pair, (this.#deltas.get(pair) ?? 1) - 1);
      isOver = true;
    };
  }

  /** What was wrong on the way. A mesh catches what its listeners throw, so it is kept. */
  readonly faults: string[] = [];

  #wrong(what: string): void {
    this.faults.push(`at ${this.clock.now()} ms: ${what}`);
  }
}
