import { describe, expect, it } from "vitest";
import { MAX_RECORDS, MAX_RECORDS_PER_SOURCE } from "../src/constants.ts";
import { machine } from "./machines.ts";
import { address, serviceRecords, TYPE, text } from "./records.ts";
import { record, VirtualSegment } from "./virtual-segment.ts";

const OTHER = "10.0.0.9";

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
