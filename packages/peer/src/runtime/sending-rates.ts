import type { GameId, OutboundRate, PeerId } from "@lanspread/proto";
import { createSentBytes, type SentOfGame } from "../transfer/sent-bytes.ts";
import { RATE_SAMPLES } from "./constants.ts";

interface Receiver {
  readonly peerId: PeerId;
  readonly gameId: GameId;
  /** Bytes between two samples, the oldest first; at most {@link RATE_SAMPLES}. */
  readonly bytes: number[];
}

/** How fast everything is sent: bytes come in when they are sent, and rates are taken every now and then. */
export class SendingRates {
  readonly #sent = createSentBytes();
  readonly #receivers = new Map<string, Receiver>();
  /** Milliseconds between two samples; as many as a receiver can have bytes. */
  readonly #spans: number[] = [];
  #sampledAt: number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: number) {
    this.#sampledAt = now;
  }

  add(sent: SentOfGame): void {
    this.#sent.add(sent);
  }

  /** Nothing was sent for a while: the time until now counts for no rate. */
  begin(now: number): void {
    this.#sampledAt = now;
    this.#spans.length = 0;
  }

  /** Rates over the last samples, by receiver and game. One that was sent nothing in any of them is left out. */
  sample(now: number): readonly OutboundRate[] {
    push(this.#spans, now - this.#sampledAt);
    this.#sampledAt = now;
    for (const { bytes } of this.#receivers.values()) push(bytes, 0);
    for (const { peerId, gameId, bytes } of this.#sent.take()) {
      const key = `${peerId} ${gameId}`;
      const receiver = this.#receivers.get(key) ?? { peerId, gameId, bytes: [0] };
      this.#receivers.set(key, receiver);
      receiver.bytes[receiver.bytes.length - 1] = bytes;
    }
    return [...this.#receivers]
      .filter(([key, { bytes }]) => bytes.some((count) => count > 0) || !this.#receivers.delete(key))
      .map(([, receiver]) => this.#rateOf(receiver))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  #rateOf({ peerId, gameId, bytes }: Receiver): OutboundRate {
    const milliseconds = sum(this.#spans.slice(-bytes.length));
    return { peerId, gameId, bytesPerSecond: Math.round((sum(bytes) * 1_000) / Math.max(1, milliseconds)) };
  }
}

function keyOf({ peerId, gameId }: OutboundRate): string {
  return `${gameId} ${peerId}`;
}

function push(list: number[], value: number): void {
  list.push(value);
  if (list.length > RATE_SAMPLES) list.shift();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
