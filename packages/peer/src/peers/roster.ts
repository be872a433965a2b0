import type { LibraryChange, LibrarySnapshot, ListedPeer, PeerId } from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import { type Asked, type PeerFacts, PeerGameDb } from "./peer-table.ts";
import { RemoteView, type SummaryChange } from "./remote-view.ts";
import type { MeshEvent } from "./types.ts";

/** A peer that has introduced itself. */
export interface Introduction {
  readonly facts: PeerFacts;
  readonly library: LibrarySnapshot;
  /** Milliseconds of the mesh's clock. */
  readonly now: number;
  /** Another introduction of the same process may have overtaken this one. */
  readonly mayBeLate: boolean;
}

/**
 * The peers that are here and what they have: table and view kept in step. Every way a library comes in goes through here, and
 * events go out only when everything is applied and something that is shown has changed.
 */
export class Roster {
  readonly #table: PeerGameDb;
  readonly #view: RemoteView;
  readonly #emit: (event: MeshEvent) => void;

  constructor(catalog: Catalog, emit: (event: MeshEvent) => void) {
    this.#table = new PeerGameDb(catalog);
    this.#view = new RemoteView(catalog);
    this.#emit = emit;
  }

  get table(): Pick<
    PeerGameDb,
    | "size"
    | "has"
    | "list"
    | "revisionOf"
    | "addressOf"
    | "lanesOf"
    | "contactOf"
    | "heard"
    | "measured"
    | "asking"
  > {
    return this.#table;
  }

  get view(): Pick<RemoteView, "games" | "servers"> {
    return this.#view;
  }

  /**
   * A peer has introduced itself, for the first time or again.
   *
   * @returns false where its library was left aside: it is older than what is held and may be late, or the peer has begun
   *   anew. The peer is to be asked which.
   */
  welcome({ facts, library, now, mayBeLate }: Introduction): boolean {
    const { peerId } = facts;
    const before = this.#table.listed(peerId);
    this.#table.put(facts, now);
    const isTaken = !mayBeLate || before === undefined || library.library_rev >= before.libraryRev;
    if (!isTaken) this.#table.doubt(peerId);
    this.#finish(peerId, before, isTaken ? this.#table.introduce(peerId, library) : []);
    return isTaken;
  }

  /** A whole library, asked for apart from a hello; ignored where it came too late. */
  applySnapshot(asked: Asked, snapshot: LibrarySnapshot): void {
    const { peerId } = asked;
    const before = this.#table.listed(peerId);
    if (!this.#table.isCurrent(asked, snapshot)) return;
    this.#finish(peerId, before, this.#table.applySnapshot(peerId, snapshot));
  }

  /** @returns false where a snapshot is needed instead. */
  applyDelta(peerId: PeerId, delta: LibraryChange): boolean {
    const before = this.#table.listed(peerId);
    const changes = this.#table.applyDelta(peerId, delta);
    if (changes === null) return false;
    this.#finish(peerId, before, changes);
    return true;
  }

  moveTo(peerId: PeerId, addr: string): void {
    const before = this.#table.listed(peerId);
    this.#table.moveTo(peerId, addr);
    this.#finish(peerId, before, []);
  }

  remove(peerId: PeerId, reason: string): void {
    if (!this.#table.has(peerId)) return;
    const changed = this.#view.apply(this.#table.remove(peerId));
    this.#emit({ type: "peer-lost", peerId, reason });
    this.#emit({ type: "peer-count-updated", count: this.#table.size });
    if (changed) this.#emit({ type: "remote-games-changed" });
  }

  #finish(peerId: PeerId, before: ListedPeer | undefined, changes: readonly SummaryChange[]): void {
    const gamesChanged = this.#view.apply(changes);
    const after = this.#table.listed(peerId);
    if (after === undefined) return;
    if (before === undefined) {
      this.#emit({ type: "peer-discovered", ...after });
      this.#emit({ type: "peer-count-updated", count: this.#table.size });
    } else if (!isShownTheSame(before, after)) {
      this.#emit({ type: "peer-updated", ...after });
    }
    if (gamesChanged) this.#emit({ type: "remote-games-changed" });
  }
}

function isShownTheSame(a: ListedPeer, b: ListedPeer): boolean {
  return (
    a.name === b.name && a.addr === b.addr && a.libraryRev === b.libraryRev && a.gameCount === b.gameCount
  );
}
