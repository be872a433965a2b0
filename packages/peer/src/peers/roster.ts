import type { LibraryChange, LibrarySnapshot, ListedPeer, PeerId } from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import { type PeerFacts, PeerGameDb } from "./peer-table.ts";
import { RemoteView, type SummaryChange } from "./remote-view.ts";
import type { MeshEvent } from "./types.ts";

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

  get table(): Pick<PeerGameDb, "size" | "has" | "list" | "revisionOf" | "addressOf"> {
    return this.#table;
  }

  get view(): Pick<RemoteView, "games" | "servers"> {
    return this.#view;
  }

  /** A peer has introduced itself, for the first time or again. */
  welcome(facts: PeerFacts, snapshot: LibrarySnapshot): void {
    const { peerId } = facts;
    const before = this.#table.listed(peerId);
    this.#table.put(facts);
    this.#finish(peerId, before, this.#table.applySnapshot(peerId, snapshot));
  }

  /** A whole library, asked for apart from a hello. One that is older than what is held came too late: it is ignored. */
  applySnapshot(peerId: PeerId, snapshot: LibrarySnapshot): void {
    const before = this.#table.listed(peerId);
    if (before === undefined || snapshot.library_rev < before.libraryRev) return;
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
