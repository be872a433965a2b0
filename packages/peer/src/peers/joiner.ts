import {
  formatListenAddress,
  type LibrarySnapshot,
  type ListenAddress,
  type PeerId,
  RESET,
} from "@lanspread/proto";
import type { Endpoint } from "@lanspread/quic";
import { PeerError } from "../errors/index.ts";
import type { Clock } from "./clock.ts";
import { connectError } from "./connect-errors.ts";
import type { Connections, Link } from "./connections.ts";
import { DIAL_TIMEOUT_MS, HELLO_TIMEOUT_MS } from "./constants.ts";
import { dialFirst } from "./dial-first.ts";
import { greet, type Introduced, type Self } from "./handshake.ts";
import { Timer } from "./timer.ts";

export interface JoinerOptions {
  readonly endpoint: Pick<Endpoint, "dial">;
  readonly self: Self;
  readonly connections: Pick<Connections, "add" | "serve" | "close" | "isGreeted">;
  readonly clock: Clock;
  /** Lets a peer in whose introduction was believed, and which was told this library or a newer one. @returns why not, in words for it; null where it is in */
  readonly admit: (introduced: Introduced, connectionId: string, told: LibrarySnapshot) => string | null;
}

/** The side that dials: from an address to a peer that is let in. */
export class Joiner {
  readonly #options: JoinerOptions;

  constructor(options: JoinerOptions) {
    this.#options = options;
  }

  /**
   * Dials, greets, and lets the peer in.
   *
   * @param expected who has to be there; null: whoever it is
   * @throws PeerError `self-connect`, `wrong-party`, `incompatible-peer`, `connect-failed`, `cancelled`
   */
  async join(
    addresses: readonly ListenAddress[],
    expected: PeerId | null,
    signal: AbortSignal,
  ): Promise<PeerId> {
    const { self, connections, clock, admit } = this.#options;
    const link = await dialFirst({
      addresses,
      clock,
      signal,
      attempt: (address, attempting) => this.#dial(address, expected, attempting),
      discard: (late) => connections.close(late, RESET.cancelled, "another address was faster"),
    });
    if (expected !== null && connections.isGreeted(expected)) {
      // It was faster. It cannot give its own connection up for the same reason: its hello on that one was sent already.
      connections.close(link, RESET.cancelled, "connected already");
      return expected;
    }
    const addr = formatListenAddress(link.connection.remote);
    const late = new AbortController();
    const timer = new Timer(clock);
    timer.set(() => late.abort(), HELLO_TIMEOUT_MS);
    try {
      const waiting = { addr, signal: AbortSignal.any([signal, late.signal]) };
      const told = self.library();
      const introduced = await greet(link.channel, self, link.context, waiting);
      const refusal = admit(introduced, link.connection.id, told);
      if (refusal !== null) throw new PeerError("connect-failed", `${addr}: ${refusal}`);
      // Only now: what the peer asks right behind its answer waits until the answer is applied.
      connections.serve(link);
      return link.peerId;
    } catch (error) {
      if (signal.aborted)
        connections.close(link, RESET.cancelled, "given up before the hellos were exchanged");
      else connections.close(link, RESET.refused, "no hello");
      if (late.signal.aborted && !signal.aborted) {
        throw new PeerError("connect-failed", `${addr}: the peer does not answer a hello`, { cause: error });
      }
      throw connectError(error, addr);
    } finally {
      timer.clear();
    }
  }

  async #dial(address: ListenAddress, expected: PeerId | null, signal: AbortSignal): Promise<Link> {
    const { endpoint, self, connections } = this.#options;
    const addr = formatListenAddress(address);
    let link: Link;
    try {
      link = connections.add(await endpoint.dial(address, { signal, timeoutMs: DIAL_TIMEOUT_MS }));
    } catch (error) {
      throw connectError(error, addr);
    }
    const { peerId } = link;
    if (peerId === self.peerId) {
      connections.close(link, RESET.refused, "the same peer");
      throw new PeerError("self-connect", `${addr} is the address of this peer itself`);
    }
    if (expected !== null && peerId !== expected) {
      connections.close(link, RESET.refused, "another peer was expected");
      throw new PeerError("connect-failed", `${addr}: the peer there is ${peerId}, not ${expected}`);
    }
    return link;
  }
}
