import { type PeerId, RESET } from "@lanspread/proto";
import type { Connection, Endpoint } from "@lanspread/quic";
import { createStreamChannel, LaneError, type RequestChannel } from "../transfer/index.ts";
import { LANE_DIAL_MS, LANE_SILENT_MS } from "./constants.ts";
import type { LaneAddress } from "./messages.ts";
import { Silence } from "./silence.ts";
import { unlessAborted } from "./waiting.ts";

export interface LaneConnectionsOptions {
  readonly endpoint: Pick<Endpoint, "dial">;
  /** Whose certificate (DER) it is. */
  readonly identify: (certificate: Uint8Array) => Promise<PeerId | null>;
}

interface Dialled {
  readonly peerId: PeerId;
  readonly connection: Connection;
  readonly channel: RequestChannel;
}

/** Tells lanes of sources apart. With the peer: anybody may name the address of another one's lane as an own. */
export function laneKey({ peerId, host, port }: LaneAddress): string {
  return `${peerId} ${host} ${port}`;
}

/** Connections from this lane to the lanes of sources: dialled when they are needed, kept as long as they live and give. */
export class LaneConnections {
  readonly #options: LaneConnectionsOptions;
  readonly #connections = new Map<string, Promise<Dialled>>();
  /** Those of them that are up. */
  readonly #up = new Map<string, Dialled>();
  readonly #closing = new AbortController();

  constructor(options: LaneConnectionsOptions) {
    this.#options = options;
  }

  /**
   * The way to ask a source's lane.
   *
   * @throws LaneError where it cannot be reached, or is another peer; the signal's reason
   */
  async channelTo(source: LaneAddress, signal: AbortSignal): Promise<RequestChannel> {
    const key = laneKey(source);
    const up = this.#up.get(key);
    if (up !== undefined) {
      signal.throwIfAborted();
      return up.channel;
    }
    const dialled = this.#connections.get(key) ?? this.#dial(key, source);
    return (await unlessAborted(dialled, signal)).channel;
  }

  /** Closes the connections to a peer. One that is being dialled will show by itself whether it leads anywhere. */
  drop(peerId: PeerId): void {
    this.#closeAll(RESET.stalled, "the peer is gone", (dialled) => dialled.peerId === peerId);
  }

  close(): void {
    this.#closing.abort(new LaneError("the lane is closing"));
    this.#closeAll(RESET.shuttingDown, "the peer stops", () => true);
  }

  #closeAll(code: number, reason: string, isMeant: (dialled: Dialled) => boolean): void {
    for (const each of this.#connections.values()) {
      each.then(
        (dialled) => {
          if (isMeant(dialled)) dialled.connection.close(code, reason);
        },
        () => {},
      );
    }
  }

  #dial(key: string, source: LaneAddress): Promise<Dialled> {
    const dialled = this.#connect(source);
    this.#connections.set(key, dialled);
    const forget = (): void => {
      if (this.#connections.get(key) !== dialled) return;
      this.#connections.delete(key);
      this.#up.delete(key);
    };
    dialled.then((up) => {
      this.#up.set(key, up);
      void up.connection.closed.then(forget);
    }, forget);
    return dialled;
  }

  async #connect({ peerId, host, port }: LaneAddress): Promise<Dialled> {
    const { endpoint, identify } = this.#options;
    let connection: Connection;
    try {
      connection = await endpoint.dial(
        { host, port },
        { signal: this.#closing.signal, timeoutMs: LANE_DIAL_MS },
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new LaneError(`the lane of ${peerId} at ${host}:${port} cannot be reached: ${why}`, {
        cause: error,
      });
    }
    const is = await identify(connection.peerCertificate);
    if (is !== peerId) {
      connection.close(RESET.refused, "another peer was expected");
      throw new LaneError(
        `at ${host}:${port} there is ${is ?? "nobody with a peer's certificate"}, not ${peerId}`,
      );
    }
    const silence = new Silence(LANE_SILENT_MS, () =>
      connection.close(RESET.stalled, `nothing came for ${LANE_SILENT_MS / 1000} s`),
    );
    const channel = silence.over(createStreamChannel((options) => connection.openStream(options)));
    return { peerId, connection, channel };
  }
}
