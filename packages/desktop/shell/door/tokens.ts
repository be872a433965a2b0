import { MOST_TOKENS, TOKEN_LIFETIME_MS } from "../constants.ts";
import { createSecret, isSameSecret } from "./secret.ts";

/**
 * Tokens of addresses that a browser is opened with. Each can be used once and for a few minutes: an address that somebody
 * reads later, in a list of processes or in a history, opens nothing.
 */
export class Tokens {
  readonly #expiry = new Map<string, number>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A new token. The oldest one is forgotten where too many wait. */
  create(): string {
    const token = createSecret();
    this.#expiry.set(token, this.#now() + TOKEN_LIFETIME_MS);
    for (const oldest of this.#expiry.keys()) {
      if (this.#expiry.size <= MOST_TOKENS) break;
      this.#expiry.delete(oldest);
    }
    return token;
  }

  /** @returns whether it was good; it is not from now on */
  use(token: string): boolean {
    for (const [known, expiresAt] of this.#expiry) {
      if (!isSameSecret(known, token)) continue;
      this.#expiry.delete(known);
      return this.#now() < expiresAt;
    }
    return false;
  }
}
