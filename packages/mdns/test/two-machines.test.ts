import { describe, expect, it } from "vitest";
import { advertise, machine } from "./machines.ts";
import { TYPE } from "./records.ts";
import { record, VirtualSegment } from "./virtual-segment.ts";

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
