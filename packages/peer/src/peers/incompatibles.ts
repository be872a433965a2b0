import type { PeerId } from "@lanspread/proto";
import type { PeerErrorCode } from "../errors/index.ts";
import { MAX_INCOMPATIBLE } from "./constants.ts";

/** Peers that cannot join, each with its reason: so that each reason is told once, however often they try. */
export class Incompatibles {
  readonly #reasons = new Map<PeerId, PeerErrorCode>();

  /** @returns whether this is news */
  note(peerId: PeerId, reason: PeerErrorCode): boolean {
    if (this.#reasons.get(peerId) === reason) return false;
    this.#reasons.delete(peerId);
    this.#reasons.set(peerId, reason);
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size > MAX_INCOMPATIBLE && oldest !== undefined) this.#reasons.delete(oldest);
    return true;
  }

  /** The peer has joined, or is announced no longer: the same reason would be news again. */
  forget(peerId: PeerId): void {
    this.#reasons.delete(peerId);
  }
}
