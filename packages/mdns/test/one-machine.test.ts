import { describe, expect, it } from "vitest";
import { advertise, machine } from "./machines.ts";
import { serviceRecords, TYPE, text } from "./records.ts";
import { keepingLogger, record, VirtualSegment } from "./virtual-segment.ts";

const OTHER = "10.0.0.9";

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
