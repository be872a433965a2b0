import { networkInterfaces } from "node:os";
import type { NetworkChoice } from "../../protocol/settings.ts";

/** Own addresses that others can reach, and those that are chosen, whether they are there or not. */
export function networkChoices(
  chosen: readonly string[],
  own: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): readonly NetworkChoice[] {
  const there = Object.entries(own).flatMap(([name, addresses]) =>
    (addresses ?? []).map(({ address, family, internal }) => ({ address, name, family, internal })),
  );
  const shown = there.filter(
    ({ address, family, internal }) => chosen.includes(address) || (family === "IPv4" && !internal),
  );
  const gone = chosen.filter((address) => !there.some((choice) => choice.address === address));
  return [
    ...shown.map(({ address, name }) => ({ address, name })),
    ...gone.map((address) => ({ address, name: null })),
  ];
}
