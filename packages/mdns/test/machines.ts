import { afterEach, expect } from "vitest";
import type { Mdns, MdnsOptions } from "../src/index.ts";
import { TYPE } from "./records.ts";
import type { VirtualSegment } from "./virtual-segment.ts";

const opened: { mdns: Mdns; segment: VirtualSegment }[] = [];

/** A machine on the segment, ready; closed at the end of the test. */
export async function machine(
  segment: VirtualSegment,
  own: string,
  options: MdnsOptions = {},
): Promise<Mdns> {
  const mdns = segment.host(own, options);
  opened.push({ mdns, segment });
  await mdns.ready();
  return mdns;
}

export function advertise(mdns: Mdns, instance: string, txt: Record<string, string> = {}) {
  return mdns.advertise({ type: TYPE, instance, port: 4_433, txt });
}

afterEach(async () => {
  for (const { mdns, segment } of opened.splice(0)) {
    segment.failure = null;
    await mdns.close();
    // Whatever a test did, nothing is left behind.
    expect(mdns.interfaces().filter(({ state }) => state === "active")).toEqual([]);
  }
});
