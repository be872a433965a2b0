import type { OutboundRate } from "@lanspread/proto";
import type { Clock } from "../peers/index.ts";
import type { SentOfGame } from "../transfer/index.ts";
import { OUTBOUND_PROGRESS_MS } from "./constants.ts";
import { SendingRates } from "./sending-rates.ts";

export interface OutboundProgressOptions {
  readonly clock: Clock;
  /** Told the rates every {@link OUTBOUND_PROGRESS_MS} while anything is sent, and an empty list behind that. */
  readonly onRates: (rates: readonly OutboundRate[]) => void;
}

/** Tells how fast everything is sent. While nothing is, nothing runs. */
export class OutboundProgress implements Disposable {
  readonly #options: OutboundProgressOptions;
  readonly #rates: SendingRates;
  #timer: { readonly handle: unknown } | null = null;
  #last: readonly OutboundRate[] = [];

  constructor(options: OutboundProgressOptions) {
    this.#options = options;
    this.#rates = new SendingRates(options.clock.now());
  }

  /** What was told last. */
  get rates(): readonly OutboundRate[] {
    return this.#last;
  }

  sent(sent: SentOfGame): void {
    this.#rates.add(sent);
    if (this.#timer !== null) return;
    this.#rates.begin(this.#options.clock.now());
    this.#again();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer.handle);
  }

  #again(): void {
    this.#timer = { handle: this.#options.clock.setTimeout(() => this.#sample(), OUTBOUND_PROGRESS_MS) };
  }

  #sample(): void {
    this.#timer = null;
    this.#last = this.#rates.sample(this.#options.clock.now());
    if (this.#last.length > 0) this.#again();
    this.#options.onRates(this.#last);
  }
}
