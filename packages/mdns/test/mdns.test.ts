import { afterEach, describe, expect, it } from "vitest";
import { INTERFACE_POLL_MS, MAX_RECORDS, MAX_RECORDS_PER_SOURCE } from "../src/constants.ts";
import type { Mdns, MdnsOptions, ServiceInstance, SystemInterfaces } from "../src/index.ts";
import { address, serviceRecords, TYPE, text } from "./records.ts";
import { keepingLogger, oneInterface, record, VirtualSegment } from "./virtual-segment.ts";

const OTHER = "10.0.0.9";
const opened: { mdns: Mdns; segment: VirtualSegment }[] = [];

/** A machine on the segment, ready; closed at the end of the test. */
async function machine(segment: VirtualSegment, own: string, options: MdnsOptions = {}): Promise<Mdns> {
  const mdns = segment.host(own, options);
  opened.push({ mdns, segment });
  await mdns.ready();
  return mdns;
}

const advertise = (mdns: Mdns, instance: string, txt: Record<string, string> = {}) =>
  mdns.advertise({ type: TYPE, instance, port: 4_433, txt });

afterEach(async () => {
  for (const { mdns, segment } of opened.splice(0)) {
    segment.failure = null;
    await mdns.close();
    // Whatever a test did, nothing is left behind.
    expect(mdns.interfaces().filter(({ state }) => state === "active")).toEqual([]);
  }
});

describe("two machines", () => {
  it("see each other, whoever came first, but not themselves", async () => {
    const segment = new VirtualSegment();
    const one = await machine(segment, "10.0.0.1");
    const other = await machine(segment, "10.0.0.2");
    advertise(one, "one", { k: "v" });
    await segment.clock.advanceAsync(10_000);
    advertise(other, "other");
    const seenByOne = record(one.browse(TYPE));
    const seenByOther = record(other.browse(TYPE));
    await segment.clock.advanceAsync(2_000);
    expect(seenByOne.lines).toEqual(["up other"]);
    expect(seenByOther.lines).toEqual(["up one"]);
    expect(seenByOther.last.get("one")).toEqual({
      instance: "one",
      type: TYPE,
      host: expect.stringMatching(/^[A-Za-z0-9-]+\.local$/),
      port: 4_433,
      txt: { k: "v" },
      addresses: [{ address: "10.0.0.1", family: "IPv4", interface: "eth0", vouched: true }],
    });
    expect(one.interfaces()[0]?.heard).toBeGreaterThan(0);
  });

  it("learn of a new text", async () => {
    const segment = new VirtualSegment();
    const one = await machine(segment, "10.0.0.1");
    const own = advertise(one, "one", { rev: "1" });
    const browser = (await machine(segment, "10.0.0.2")).browse(TYPE);
    const events = record(browser);
    await segment.clock.advanceAsync(3_000);
    own.update({ rev: "2" });
    await segment.clock.advanceAsync(3_000);
    own.update({ rev: "2" });
    await segment.clock.advanceAsync(3_000);
    expect(events.lines).toEqual(["up one", "changed one"]);
    expect(browser.instances()).toMatchObject([{ instance: "one", txt: { rev: "2" } }]);
  });

  it("learn when a service ends, a second later, and when it comes again", async () => {
    const segment = new VirtualSegment();
    const one = await machine(segment, "10.0.0.1");
    const events = record((await machine(segment, "10.0.0.2")).browse(TYPE));
    const own = advertise(one, "one");
    await segment.clock.advanceAsync(3_000);
    await own.stop();
    await segment.clock.advanceAsync(1_500);
    expect(events.lines).toEqual(["up one", "down one"]);
    advertise(one, "one");
    await segment.clock.advanceAsync(1_500);
    expect(events.lines).toEqual(["up one", "down one", "up one"]);
  });

  it("learn when the other closes", async () => {
    const segment = new VirtualSegment();
    const one = await machine(segment, "10.0.0.1");
    advertise(one, "one");
    advertise(one, "two");
    const events = record((await machine(segment, "10.0.0.2")).browse(TYPE));
    await segment.clock.advanceAsync(3_000);
    await one.close();
    await one.close();
    await segment.clock.advanceAsync(1_500);
    expect(events.lines).toEqual(["up one", "up two", "down one", "down two"]);
    expect(segment.sockets).toBe(1);
  });

  it("learn within two minutes that the other is gone without a goodbye", async () => {
    const segment = new VirtualSegment();
    const one = await machine(segment, "10.0.0.1");
    advertise(one, "one");
    const events = record((await machine(segment, "10.0.0.2")).browse(TYPE));
    await segment.clock.advanceAsync(30_000);
    expect(events.lines).toEqual(["up one"]);
    segment.failure = new Error("pulled");
    await one.close();
    segment.failure = null;
    await segment.clock.advanceAsync(120_100);
    expect(events.lines).toEqual(["up one", "down one"]);
  });

  it("stay known for days while they live, without a packet more than it takes", async () => {
    const segment = new VirtualSegment();
    advertise(await machine(segment, "10.0.0.1"), "one");
    const events = record((await machine(segment, "10.0.0.2")).browse(TYPE));
    await segment.clock.advanceAsync(3_600_000);
    segment.heard.length = 0;
    await segment.clock.advanceAsync(3_600_000);
    expect(events.lines).toEqual(["up one"]);
    // An hour: 60 browse queries; SRV and address, each asked for and answered every 96 s; a few for PTR and TXT.
    expect(segment.heard.length).toBeLessThan(60 + 4 * 38 + 10);
  });
});

describe("one machine", () => {
  it("may have several programs with several services each", async () => {
    const segment = new VirtualSegment();
    const programs = await Promise.all([1, 2, 3].map(() => machine(segment, "10.0.0.1")));
    const seen = programs.map((program) => record(program.browse(TYPE)));
    for (const [at, program] of programs.entries())
      for (const name of ["a", "b"]) advertise(program, `${name}${at}`);
    await segment.clock.advanceAsync(3_000);
    for (const [at, { lines }] of seen.entries()) {
      const others = [0, 1, 2]
        .filter((other) => other !== at)
        .flatMap((other) => [`up a${other}`, `up b${other}`]);
      expect([...lines].sort()).toEqual(others.sort());
    }
  });

  it("advertises no name twice", async () => {
    const mdns = await machine(new VirtualSegment(), "10.0.0.1");
    advertise(mdns, "one");
    expect(() => advertise(mdns, "ONE")).toThrow(RangeError);
  });

  it("shows a second browser what the first has found", async () => {
    const segment = new VirtualSegment();
    const mdns = await machine(segment, "10.0.0.1");
    mdns.browse(TYPE);
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, OTHER);
    await segment.clock.advanceAsync(1_000);
    const late = mdns.browse(TYPE);
    expect(late.instances()).toEqual([]);
    const events = record(late);
    await segment.clock.advanceAsync(20);
    expect(events.lines).toEqual(["up a"]);
  });

  it("reports one packet's changes as one event, and a service of another type to nobody", async () => {
    const segment = new VirtualSegment();
    const mdns = await machine(segment, "10.0.0.1");
    const events = record(mdns.browse(TYPE));
    segment.say({ response: true, answers: serviceRecords({ instance: "a", txt: { rev: "1" } }) }, OTHER);
    segment.say({ response: true, answers: [text("a", { rev: "2" })] }, OTHER);
    const stranger = serviceRecords({ instance: "b" }).map((entry) => ({
      ...entry,
      name: entry.name.replace("_x", "_y"),
    }));
    segment.say({ response: true, answers: stranger }, OTHER);
    await segment.clock.advanceAsync(1_000);
    expect(events.lines).toEqual(["up a"]);
    expect(events.last.get("a")).toMatchObject({ txt: { rev: "2" } });
  });

  it("says so once where somebody else uses its names", async () => {
    const segment = new VirtualSegment();
    const logger = keepingLogger();
    const mdns = await machine(segment, "10.0.0.1", { logger });
    advertise(mdns, "one");
    mdns.browse(TYPE);
    for (let at = 0; at < 3; at++)
      segment.say({ response: true, answers: serviceRecords({ instance: "one", port: 9 }) }, OTHER);
    expect(logger.lines.filter((line) => line.startsWith("warn"))).toEqual([
      "warn another machine advertises a name of this one",
    ]);
    await segment.clock.advanceAsync(1_000);
  });

  it("takes its own older text, as somebody repeats it, for no such use", async () => {
    const segment = new VirtualSegment();
    const logger = keepingLogger();
    const mdns = await machine(segment, "10.0.0.1", { logger });
    advertise(mdns, "one", { rev: "1" }).update({ rev: "2" });
    mdns.browse(TYPE);
    segment.say({ response: true, answers: [text("one", { rev: "1" })] }, OTHER);
    await segment.clock.advanceAsync(1_000);
    expect(logger.lines.filter((line) => line.startsWith("warn"))).toEqual([]);
  });

  it("survives a handler that throws, and tells the others", async () => {
    const segment = new VirtualSegment();
    const logger = keepingLogger();
    const mdns = await machine(segment, "10.0.0.1", { logger });
    const browser = mdns.browse(TYPE);
    const throwing = () => {
      throw new Error("handler");
    };
    browser.on("up", throwing);
    const events = record(browser);
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, OTHER);
    await segment.clock.advanceAsync(1_000);
    expect(events.lines).toEqual(["up a"]);
    expect(logger.lines).toContain("error a browser's handler threw");
    browser.off("up", throwing);
  });

  it("says nothing more to a browser that was stopped, even by a handler", async () => {
    const segment = new VirtualSegment();
    const mdns = await machine(segment, "10.0.0.1");
    const browser = mdns.browse(TYPE);
    const events = record(browser);
    browser.on("up", () => browser.stop());
    for (const instance of ["a", "b"])
      segment.say({ response: true, answers: serviceRecords({ instance }) }, OTHER);
    await segment.clock.advanceAsync(1_000);
    expect(events.lines).toEqual(["up a"]);
  });

  it("takes nothing new after close", async () => {
    const segment = new VirtualSegment();
    const mdns = await machine(segment, "10.0.0.1");
    advertise(mdns, "one");
    mdns.browse(TYPE);
    await mdns.close();
    expect(segment.sockets).toBe(0);
    expect(segment.clock.pending).toBe(0);
    expect(() => advertise(mdns, "two")).toThrow("after close");
    expect(() => mdns.browse(TYPE)).toThrow("after close");
  });

  it("closes even where the goodbye never leaves", async () => {
    const segment = new VirtualSegment();
    const stuck = new Promise<void>(() => {});
    const mdns = await machine(segment, "10.0.0.1", {
      openSocket: async () => ({ send: () => stuck, close: async () => {} }),
    });
    advertise(mdns, "one");
    const closed = mdns.close();
    await segment.clock.advanceAsync(1_000);
    await closed;
    expect(segment.clock.pending).toBe(0);
  });

  it("stops waiting when told to", async () => {
    const segment = new VirtualSegment();
    const mdns = segment.host("10.0.0.1", { openSocket: () => new Promise(() => {}) });
    const abort = new AbortController();
    const ready = mdns.ready({ signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(ready).rejects.toThrow("enough");
    expect(mdns.interfaces()).toMatchObject([{ name: "eth0", state: "starting" }]);
    await mdns.close();
  });
});

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

describe("a flood", () => {
  it("of instances from one machine leaves room for the others", async () => {
    const segment = new VirtualSegment();
    const mdns = await machine(segment, "10.0.0.1");
    const browser = mdns.browse(TYPE);
    for (let at = 0; at < 5_000; at++)
      segment.say({ response: true, answers: serviceRecords({ instance: `f${at}` }) }, "10.0.0.66");
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, OTHER);
    segment.heard.length = 0;
    await segment.clock.advanceAsync(60_000);
    const names = browser.instances().map(({ instance }) => instance);
    expect(names).toContain("a");
    expect(names.length).toBeLessThanOrEqual(MAX_RECORDS_PER_SOURCE / 4 + 1);
    expect(segment.heard.length).toBeLessThan(2_000);
  });

  it("of addresses from a whole network ends at the bound", async () => {
    const segment = new VirtualSegment();
    const mdns = await machine(segment, "10.0.0.1");
    const browser = mdns.browse(TYPE);
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, OTHER);
    for (let from = 20; from < 60; from++) {
      for (let at = 0; at < 10; at++) {
        const answers = Array.from({ length: 50 }, (_, part) =>
          address(`h${from}-${at}-${part}.local`, "10.0.0.1"),
        );
        segment.say({ response: true, answers }, `10.0.0.${from}`);
      }
    }
    await segment.clock.advanceAsync(1_000);
    expect(browser.instances()).toMatchObject([{ instance: "a" }]);
    expect(MAX_RECORDS).toBeLessThan(40 * 500);
    // When it is over and has expired, there is room again.
    await segment.clock.advanceAsync(121_000);
    segment.say({ response: true, answers: serviceRecords({ instance: "b" }) }, OTHER);
    await segment.clock.advanceAsync(100);
    expect(browser.instances().map(({ instance }) => instance)).toContain("b");
  });

  it("of new texts is shown ten times a second at most, the last one for certain", async () => {
    const segment = new VirtualSegment();
    const mdns = await machine(segment, "10.0.0.1");
    const events = record(mdns.browse(TYPE));
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, OTHER);
    for (let rev = 0; rev < 1_000; rev++) {
      segment.say({ response: true, answers: [text("a", { rev: String(rev) })] }, OTHER);
      await segment.clock.advanceAsync(2);
    }
    await segment.clock.advanceAsync(5_000);
    expect(events.lines.length).toBeGreaterThan(2);
    expect(events.lines.length).toBeLessThanOrEqual(2 * 10 + 2);
    expect(events.last.get("a")).toMatchObject({ txt: { rev: "999" } });
  });

  it("of bytes that mean nothing changes nothing", async () => {
    const segment = new VirtualSegment();
    const mdns = await machine(segment, "10.0.0.1");
    const events = record(mdns.browse(TYPE));
    for (let length = 0; length < 400; length++) {
      const bytes = Uint8Array.from({ length }, (_, at) => (at * 7 + length) & 0xff);
      segment.deliver(bytes, { address: OTHER, port: 5_353 });
    }
    await segment.clock.advanceAsync(1_000);
    segment.say({ response: true, answers: serviceRecords({ instance: "a" }) }, OTHER);
    await segment.clock.advanceAsync(100);
    expect(events.lines).toEqual(["up a"]);
  });
});
