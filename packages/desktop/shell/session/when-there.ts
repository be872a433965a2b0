import { networkInterfaces } from "node:os";

/** How often own addresses are looked at, milliseconds: somebody who plugs a cable in looks at the screen about then. */
const LOOK_MS = 2_000;

/**
 * Calls back when this computer has one of the addresses, again and again while it has.
 *
 * @returns what ends that
 */
export function whenThere(addresses: readonly string[], onThere: () => void): () => void {
  const timer = setInterval(() => {
    const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    if (own.some(({ address }) => addresses.includes(address))) onThere();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
