import { createVirtualLan, namespacesUnavailable } from "@lanspread/testkit";
import { SHAPER_BURST_BYTES, SHAPER_LATENCY_MS } from "./constants.ts";
import type { LinkEnds } from "./measure.ts";

/** Why there can be no shaped link on this machine, or undefined where there can. */
export function linkUnavailable(): string | undefined {
  return namespacesUnavailable();
}

/** Two network namespaces with a wire of MTU 1,500 between them, each end shaped. Gone when disposed of. */
export interface ShapedLink extends LinkEnds, Disposable {}

/**
 * Makes a link that passes `mbit` Mbit/s each way, as fast as the machine can when null.
 *
 * @throws Error with what `ip` or `tc` says.
 */
export function createLink(mbit: number | null): ShapedLink {
  const lan = createVirtualLan();
  try {
    const wire = lan.addSwitch("198.18.7"); // RFC 2544: benchmarking
    const hosts = [lan.addHost(wire), lan.addHost(wire)] as const;
    for (const host of hosts) {
      if (mbit === null) continue;
      host.run(
        ...(["tc", "qdisc", "add", "dev", host.interfaceOn(wire), "root", "tbf"] as const),
        ...(["rate", `${mbit}mbit`] as const),
        ...(["burst", String(SHAPER_BURST_BYTES[mbit] ?? mbit * 1_000)] as const),
        ...(["latency", `${SHAPER_LATENCY_MS}ms`] as const),
      );
    }
    const [server, client] = hosts;
    return {
      serverHost: server.address,
      serverPrefix: prefix(server.command("")),
      clientPrefix: prefix(client.command("")),
      [Symbol.dispose]: () => lan[Symbol.dispose](),
    };
  } catch (error) {
    lan[Symbol.dispose]();
    throw error;
  }
}

/** A command line without its last part, the program. */
function prefix(command: readonly string[]): readonly string[] {
  return command.slice(0, -1);
}
