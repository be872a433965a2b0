import { createVirtualLan, type LanHost, namespacesUnavailable } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServiceAddress } from "../src/index.ts";
import { Child, type ChildOptions, uniqueType } from "./processes.ts";

const unavailable = namespacesUnavailable();
const title = (name: string) => (unavailable === undefined ? name : `${name} (skipped: ${unavailable})`);

/** The link-local address of an interface, as the system shows it; undefined while it is not settled. */
function linkLocal(host: LanHost, device: string): string | undefined {
  const shown = host.run("ip", "-6", "-o", "address", "show", "dev", device, "scope", "link");
  return shown.includes("tentative") ? undefined : /inet6 (fe80:[0-9a-f:]+)\//.exec(shown)?.[1];
}

const texts = (addresses: readonly ServiceAddress[] | undefined) =>
  addresses?.map(({ address }) => address) ?? [];

describe.skipIf(unavailable !== undefined)(title("machines on a network"), () => {
  let lan: ReturnType<typeof createVirtualLan>;
  let children: Child[] = [];
  const type = uniqueType();

  function start(host: LanHost, options: Partial<ChildOptions> = {}): Child {
    const child = new Child({ type, wrap: host.command, ...options });
    children.push(child);
    return child;
  }

  beforeEach(() => {
    lan = createVirtualLan();
  });
  afterEach(async () => {
    await Promise.all(children.map((child) => child.kill()));
    children = [];
    lan[Symbol.dispose]();
  });

  it("find each other by themselves, with IPv4 and link-local IPv6 in its scope", async () => {
    const wire = lan.addSwitch("10.77.1");
    const [one, two] = [lan.addHost(wire), lan.addHost(wire)];
    await expect.poll(() => linkLocal(one, one.interfaceOn(wire)), { timeout: 30_000 }).toBeDefined();
    start(one, { instance: "one", port: 1_111, txt: { rev: "1" } });
    const seen = await start(two).event("up", "one");
    const device = two.interfaceOn(wire);
    expect(seen).toMatchObject({ port: 1_111, txt: { rev: "1" } });
    expect(seen.addresses).toEqual([
      { address: one.address, family: "IPv4", interface: device, vouched: true },
      {
        address: `${linkLocal(one, one.interfaceOn(wire))}%${device}`,
        family: "IPv6",
        interface: device,
        vouched: false,
      },
    ]);
  });

  it("that have two cables show each network the addresses of that network", async () => {
    const [left, right] = [lan.addSwitch("10.77.2"), lan.addSwitch("10.77.3")];
    const both = lan.addHost(left, right);
    const [onLeft, onRight] = [lan.addHost(left), lan.addHost(right)];
    const ipv4 = (addresses: readonly ServiceAddress[] | undefined) =>
      texts(addresses).filter((address) => !address.includes(":"));
    const watchers = [start(onLeft, { instance: "left" }), start(onRight, { instance: "right" })];
    const middle = start(both, { instance: "both" });
    const [seenLeft, seenRight] = await Promise.all(watchers.map((watcher) => watcher.event("up", "both")));
    expect(ipv4(seenLeft?.addresses)).toEqual([both.addressOn(left)]);
    expect(ipv4(seenRight?.addresses)).toEqual([both.addressOn(right)]);
    const [left1, right1] = await Promise.all(["left", "right"].map((name) => middle.event("up", name)));
    expect(ipv4(left1?.addresses)).toEqual([onLeft.address]);
    expect(ipv4(right1?.addresses)).toEqual([onRight.address]);
    // The two networks stay apart.
    expect(watchers[0]?.lines.some(({ instance }) => instance === "right")).toBe(false);
    expect(watchers[1]?.lines.some(({ instance }) => instance === "left")).toBe(false);
  });

  it("that lose their cable see the others go, and find them again with it", async () => {
    const wire = lan.addSwitch("10.77.4");
    const [one, two] = [lan.addHost(wire), lan.addHost(wire)];
    start(one, { instance: "one" });
    const watcher = start(two, { instance: "two" });
    await watcher.event("up", "one");
    two.setLink(wire, "down");
    await watcher.event("down", "one");
    const before = watcher.lines.length;
    two.setLink(wire, "up");
    await watcher.event("up", "one", before);
  });

  it("that get a further address or interface while they run are found there", async () => {
    const [left, right] = [lan.addSwitch("10.77.5"), lan.addSwitch("10.77.6")];
    const one = lan.addHost(left, right);
    const [onLeft, onRight] = [lan.addHost(left), lan.addHost(right)];
    one.setLink(right, "down");
    start(one, { instance: "one" });
    const watchLeft = start(onLeft);
    const watchRight = await start(onRight).ready();
    await watchLeft.event("up", "one");
    one.run("ip", "address", "add", "10.77.5.200/24", "dev", one.interfaceOn(left));
    await watchLeft.line(
      ({ event, addresses }) => event === "changed" && texts(addresses).includes("10.77.5.200"),
      "the further address",
    );
    one.run("ip", "address", "delete", "10.77.5.200/24", "dev", one.interfaceOn(left));
    await watchLeft.line(
      ({ event, addresses }) => event === "changed" && !texts(addresses).includes("10.77.5.200"),
      "the further address to go",
      watchLeft.lines.findLastIndex(({ addresses }) => texts(addresses).includes("10.77.5.200")),
    );
    expect(watchRight.lines.map(({ event }) => event)).toEqual(["ready"]);
    one.setLink(right, "up");
    expect(texts((await watchRight.event("up", "one")).addresses)).toContain(one.addressOn(right));
  });

  it("leave virtual adapters alone unless they are named", async () => {
    const [wire, containers] = [lan.addSwitch("10.77.7"), lan.addSwitch("10.77.8")];
    const one = lan.addHost(wire, containers);
    const watcher = await start(lan.addHost(containers)).ready();
    const device = one.interfaceOn(containers);
    one.setLink(containers, "down");
    one.run("ip", "link", "set", device, "name", "docker0");
    one.run("ip", "link", "set", "docker0", "up");
    const child = await start(one, { instance: "one" }).ready();
    child.order({ interfaces: true });
    const { interfaces } = await child.line(({ event }) => event === "interfaces", "the interfaces");
    expect(interfaces).toContainEqual(
      expect.objectContaining({ name: one.interfaceOn(wire), address: one.address, state: "active" }),
    );
    expect(interfaces).toContainEqual({
      name: "docker0",
      address: one.addressOn(containers),
      state: "ignored",
      reason: "looks like Docker, used only when it is named",
      heard: 0,
    });
    const named = start(one, { instance: "two", interfaces: [one.addressOn(containers)] });
    const { interfaces: used } = await named.line(({ event }) => event === "ready", "the start");
    expect(used).toMatchObject([{ name: "docker0", address: one.addressOn(containers), state: "active" }]);
    expect(texts((await watcher.event("up", "two")).addresses)).toEqual([one.addressOn(containers)]);
    // The first one, which has been there for longer, has said nothing here.
    expect(watcher.lines.some(({ instance }) => instance === "one")).toBe(false);
  });
});
