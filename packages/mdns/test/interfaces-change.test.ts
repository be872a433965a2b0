import { describe, expect, it } from "vitest";
import { INTERFACE_POLL_MS } from "../src/constants.ts";
import type { MdnsOptions, ServiceInstance, SystemInterfaces } from "../src/index.ts";
import { advertise, machine } from "./machines.ts";
import { serviceRecords, TYPE } from "./records.ts";
import { keepingLogger, oneInterface, record, VirtualSegment } from "./virtual-segment.ts";

const OTHER = "10.0.0.9";

describe("interfaces", () => {
  /** A machine whose interfaces the test changes; `look` waits until it has noticed. */
  async function changing(first: SystemInterfaces, options: MdnsOptions = {}) {
    const segment = new VirtualSegment();
    let system = first;
    const mdns = await machine(segment, "", { networkInterfaces: () => system, ...options });
    const look = async (now: SystemInterfaces) => {
      system = now;
      await segment.clock.advanceAsync(INTERFACE_POLL_MS);
    };
    return { segment, mdns, look };
  }

  it("that appear are used within seconds: services announced, others found", async () => {
    const { segment, mdns, look } = await changing({});
    advertise(mdns, "one");
    const events = record(mdns.browse(TYPE));
    const other = await machine(segment, "10.0.0.2");
    const seen = record(other.browse(TYPE));
    advertise(other, "other");
    expect(mdns.interfaces()).toEqual([]);
    await look(oneInterface("10.0.0.1"));
    await segment.clock.advanceAsync(3_000);
    expect(mdns.interfaces()).toMatchObject([
      { name: "eth0", address: "10.0.0.1", state: "active", reason: "" },
    ]);
    expect(seen.lines).toEqual(["up one"]);
    expect(events.lines).toEqual(["up other"]);
  });

  it("that go take with them what was seen there", async () => {
    const { segment, mdns, look } = await changing(oneInterface("10.0.0.1"));
    const events = record(mdns.browse(TYPE));
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, OTHER);
    await segment.clock.advanceAsync(100);
    await look({});
    await segment.clock.advanceAsync(100);
    expect(events.lines).toEqual(["up a", "down a"]);
    expect(segment.sockets).toBe(0);
    expect(mdns.interfaces()).toEqual([]);
  });

  it("that get another address get another socket, and are announced with it", async () => {
    const { segment, mdns, look } = await changing(oneInterface("10.0.0.1"));
    advertise(mdns, "one");
    const browser = (await machine(segment, "10.0.0.2")).browse(TYPE);
    await segment.clock.advanceAsync(3_000);
    await look(oneInterface("10.0.0.77"));
    await segment.clock.advanceAsync(2_000);
    expect(browser.instances()).toMatchObject([
      {
        instance: "one",
        addresses: [{ address: "10.0.0.77", family: "IPv4", interface: "eth0", vouched: true }],
      },
    ]);
    expect(segment.sockets).toBe(2);
  });

  it("that get or lose a further address say so, without a new socket", async () => {
    const { segment, mdns, look } = await changing(oneInterface("10.0.0.1"));
    advertise(mdns, "one");
    const browser = (await machine(segment, "10.0.0.2")).browse(TYPE);
    const events = record(browser);
    await segment.clock.advanceAsync(5_000);
    const socketBefore = segment.sockets;
    await look(oneInterface("10.0.0.1", "eth0", "fe80::1"));
    await segment.clock.advanceAsync(2_000);
    expect(browser.instances()[0]?.addresses).toEqual([
      { address: "10.0.0.1", family: "IPv4", interface: "eth0", vouched: true },
      { address: "fe80::1%eth0", family: "IPv6", interface: "eth0", vouched: false },
    ]);
    await look(oneInterface("10.0.0.1"));
    await segment.clock.advanceAsync(2_000);
    expect(browser.instances()[0]?.addresses).toEqual([
      { address: "10.0.0.1", family: "IPv4", interface: "eth0", vouched: true },
    ]);
    // Taken back alone: the cache-flush bit would end what remains as well.
    const goodbyes = segment.heard.flatMap(({ packet }) => packet.answers.filter(({ ttl }) => ttl === 0));
    expect(goodbyes).toMatchObject([{ type: "AAAA", address: "fe80::1", flush: false }]);
    expect(events.lines).toEqual(["up one", "changed one", "changed one"]);
    expect(segment.sockets).toBe(socketBefore);
  });

  it("give a link-local address its scope, and global ones none", async () => {
    const { segment, mdns } = await changing(oneInterface("10.0.0.1", "wlan0", "fe80::1"));
    const browser = mdns.browse(TYPE);
    const addresses = ["fe80::9", "2001:db8::9", OTHER];
    segment.say({ response: true, answers: serviceRecords({ instance: "a", addresses }) }, OTHER);
    await segment.clock.advanceAsync(100);
    expect(browser.instances()[0]?.addresses.map((entry) => entry.address)).toEqual([
      OTHER,
      "2001:db8::9",
      "fe80::9%wlan0",
    ]);
  });

  it("that both lead to a machine show it once, with the addresses of both, and each network only its own", async () => {
    const system = { ...oneInterface("10.0.0.1", "eth0"), ...oneInterface("10.1.0.1", "eth1", "fe80::1") };
    const { segment, mdns, look } = await changing(system);
    advertise(mdns, "one");
    const events = record(mdns.browse(TYPE));
    segment.say(
      { response: true, answers: serviceRecords({ instance: "a", addresses: ["10.0.0.9"] }) },
      "10.0.0.9",
    );
    const second = serviceRecords({ instance: "a", addresses: ["10.1.0.9", "fe80::9"] });
    segment.say({ response: true, answers: second }, "10.1.0.9");
    await segment.clock.advanceAsync(1_000);
    expect((events.last.get("a") as ServiceInstance).addresses).toEqual([
      { address: "10.0.0.9", family: "IPv4", interface: "eth0", vouched: true },
      { address: "10.1.0.9", family: "IPv4", interface: "eth1", vouched: true },
      { address: "fe80::9%eth1", family: "IPv6", interface: "eth1", vouched: false },
    ]);
    for (const { from, packet } of segment.heard.filter(({ packet }) => packet.answers.length > 3)) {
      const said = packet.answers.flatMap((answer) => ("address" in answer ? [answer.address] : []));
      if (from.address === "10.0.0.1") expect(said).toEqual(["10.0.0.1"]);
      if (from.address === "10.1.0.1") expect(said).toEqual(["10.1.0.1", "fe80::1"]);
    }
    await look(oneInterface("10.0.0.1", "eth0"));
    await segment.clock.advanceAsync(100);
    expect(events.lines).toEqual(["up a", "changed a"]);
  });

  it("hear nobody from beyond their own network", async () => {
    const { segment, mdns } = await changing(oneInterface("10.0.0.1"));
    const events = record(mdns.browse(TYPE));
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, "192.168.9.9");
    await segment.clock.advanceAsync(1_000);
    expect(events.lines).toEqual([]);
    expect(mdns.interfaces()[0]?.heard).toBe(0);
  });

  it("that cannot be used say why, and are tried again by themselves", async () => {
    const segment = new VirtualSegment();
    const logger = keepingLogger();
    segment.failure = Object.assign(new Error("bind EADDRINUSE"), { code: "EADDRINUSE" });
    const mdns = await machine(segment, "10.0.0.1", { logger });
    advertise(mdns, "one");
    const failed = {
      name: "eth0",
      address: "10.0.0.1",
      state: "failed",
      reason: "UDP port 5353 is held by a program that does not share it",
      heard: 0,
    };
    expect(mdns.interfaces()).toEqual([failed]);
    await segment.clock.advanceAsync(3 * INTERFACE_POLL_MS);
    expect(mdns.interfaces()).toEqual([failed]);
    expect(logger.lines.filter((line) => line.startsWith("warn"))).toEqual([
      "warn interface cannot be used",
      "warn no usable network interface: nobody can be found",
    ]);
    segment.failure = null;
    const seen = record((await machine(segment, "10.0.0.2")).browse(TYPE));
    await segment.clock.advanceAsync(INTERFACE_POLL_MS + 1_000);
    expect(mdns.interfaces()).toMatchObject([{ state: "active", reason: "" }]);
    expect(seen.lines).toEqual(["up one"]);
    expect(logger.lines).toContain("info a network interface is usable again");
  });

  it("whose socket breaks get a new one", async () => {
    const segment = new VirtualSegment();
    const mdns = await machine(segment, "10.0.0.1");
    const events = record(mdns.browse(TYPE));
    await segment.clock.advanceAsync(40_000);
    segment.breakSockets(new Error("broken"));
    expect(mdns.interfaces()).toMatchObject([{ state: "failed", reason: "broken" }]);
    segment.heard.length = 0;
    await segment.clock.advanceAsync(INTERFACE_POLL_MS + 100);
    expect(segment.heard.map(({ packet }) => packet.questions)).toMatchObject([
      [{ name: TYPE, type: "PTR" }],
    ]);
    expect(mdns.interfaces()).toMatchObject([{ state: "active" }]);
    expect(segment.sockets).toBe(1);
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, OTHER);
    await segment.clock.advanceAsync(100);
    expect(events.lines).toEqual(["up a"]);
  });

  it("are opened anew after a sleep, once, and what was known is doubted", async () => {
    const segment = new VirtualSegment();
    let slept = 0;
    const mdns = await machine(segment, "10.0.0.1", { wallClock: () => segment.clock.now() + slept });
    const events = record(mdns.browse(TYPE));
    for (const instance of ["a", "b"])
      segment.say({ response: true, answers: serviceRecords({ instance }) }, OTHER);
    await segment.clock.advanceAsync(60_000);
    segment.heard.length = 0;
    slept = 3_600_000;
    await segment.clock.advanceAsync(INTERFACE_POLL_MS);
    expect(segment.sockets).toBe(1);
    await segment.clock.advanceAsync(5_500);
    expect(segment.heard.some(({ packet }) => packet.questions.some(({ type }) => type === "SRV"))).toBe(
      true,
    );
    segment.say({ response: true, answers: serviceRecords({ instance: "b" }) }, OTHER);
    await segment.clock.advanceAsync(10_000);
    expect(events.lines).toEqual(["up a", "up b", "down a"]);
    expect(mdns.interfaces()).toMatchObject([{ state: "active" }]);
  });

  it("stay as they are where the list cannot be read", async () => {
    const segment = new VirtualSegment();
    let broken = false;
    const mdns = await machine(segment, "10.0.0.1", {
      networkInterfaces: () => {
        if (broken) throw new Error("no list");
        return oneInterface("10.0.0.1");
      },
    });
    broken = true;
    await segment.clock.advanceAsync(3 * INTERFACE_POLL_MS);
    expect(mdns.interfaces()).toMatchObject([{ state: "active" }]);
  });
});
