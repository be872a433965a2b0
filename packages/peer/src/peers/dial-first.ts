import type { ListenAddress } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import type { Clock } from "./clock.ts";
import { NEXT_ADDRESS_MS } from "./constants.ts";
import { Timer } from "./timer.ts";

export interface DialFirstOptions<T> {
  /** At least one; best first. */
  readonly addresses: readonly ListenAddress[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly attempt: (address: ListenAddress, signal: AbortSignal) => Promise<T>;
  /** Gets what an attempt brought after another one had won. */
  readonly discard: (value: T) => void;
}

/**
 * Tries the addresses of one peer, each a moment after the one before (RFC 8305 section 5): an address that nobody answers at
 * costs a moment, not a time-out. The first success wins, the other attempts are aborted.
 *
 * @throws what says most of why all of them failed
 */
export function dialFirst<T>(options: DialFirstOptions<T>): Promise<T> {
  const { addresses, clock, signal, attempt, discard } = options;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const won = new AbortController();
  const either = AbortSignal.any([signal, won.signal]);
  const errors: unknown[] = [];
  let next = 0;
  let over = false;
  const timer = new Timer(clock);

  const finish = () => {
    over = true;
    timer.clear();
    won.abort();
  };
  const start = () => {
    timer.clear();
    const address = addresses[next];
    if (address === undefined) return;
    next += 1;
    attempt(address, either).then(
      (value) => {
        if (over) return discard(value);
        finish();
        resolve(value);
      },
      (error: unknown) => {
        errors.push(error);
        if (over) return;
        if (next < addresses.length && !signal.aborted) return start();
        if (errors.length < next) return;
        finish();
        reject(mostTelling(errors));
      },
    );
    if (next < addresses.length) timer.set(start, NEXT_ADDRESS_MS);
  };
  if (addresses.length === 0) reject(new PeerError("connect-failed", "the peer has no address to dial"));
  else start();
  return promise;
}

/** That nobody answers at one address says less than what somebody answered at another. */
function mostTelling(errors: readonly unknown[]): unknown {
  return (
    errors.find((error) => error instanceof PeerError && error.code !== "connect-failed") ?? errors.at(-1)
  );
}
