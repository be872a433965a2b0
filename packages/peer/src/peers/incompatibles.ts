import type { IncompatiblePeer, PeerId } from "@lanspread/proto";
import type { PeerErrorCode } from "../errors/index.ts";
import { MAX_INCOMPATIBLE } from "./constants.ts";

/** A peer that cannot join. */
export interface Incompatible extends IncompatiblePeer {
  readonly code: PeerErrorCode;
  /**
   * What it said of itself (its version, its party): another one is news. Null where it said nothing, as when TLS refuses it.
   */
  readonly detail: string | null;
}

export interface IncompatiblesOptions {
  /** Called with what is news. */
  readonly onNews: (incompatible: Incompatible) => void;
  /** Called with who was in the list, and is no longer. */
  readonly onGone: (peerId: PeerId) => void;
}

/** Peers that cannot join, each with its reason: so that each reason is told once, however often they try. */
export class Incompatibles {
  readonly #options: IncompatiblesOptions;
  readonly #noted = new Map<PeerId, Incompatible>();

  constructor(options: IncompatiblesOptions) {
    this.#options = options;
  }

  /** With the reason that was told, the one that was met last at the end. */
  list(): readonly IncompatiblePeer[] {
    return [...this.#noted.values()].map(({ peerId, addr, reason }) => ({ peerId, addr, reason }));
  }

  note(incompatible: Incompatible): void {
    const { peerId, code, detail } = incompatible;
    const noted = this.#noted.get(peerId);
    const isKnown = noted?.code === code;
    const isNews = !isKnown || (detail !== null && noted.detail !== null && noted.detail !== detail);
    this.#noted.delete(peerId);
    const told = isNews ? incompatible : noted;
    this.#noted.set(peerId, { ...told, detail: detail ?? (isKnown ? noted.detail : null) });
    const [oldest] = this.#noted.keys();
    if (this.#noted.size > MAX_INCOMPATIBLE && oldest !== undefined) this.forget(oldest);
    if (isNews) this.#options.onNews(incompatible);
  }

  /** The peer has joined, or is announced no longer: the same reason would be news again. */
  forget(peerId: PeerId): void {
    if (this.#noted.delete(peerId)) this.#options.onGone(peerId);
  }
}
