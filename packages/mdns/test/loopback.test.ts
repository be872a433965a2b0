import { describe, expect, it } from "vitest";
import { createMdns } from "../src/index.ts";
import { Child, uniqueType } from "./processes.ts";
import { record } from "./virtual-segment.ts";

const interfaces = ["127.0.0.1"];

describe("programs on 127.0.0.1", () => {
  it("find each other, see texts change and services end", async () => {
    const type = uniqueType();
    await using one = new Child({
      type,
      instance: "one",
      port: 1_111,
      interfaces,
      txt: { rev: "1", name: "Jörg" },
    });
    await using two = new Child({ type, instance: "two", port: 2_222, interfaces });
    expect(await one.event("up", "two")).toMatchObject({ port: 2_222, txt: {} });
    const seen = await two.event("up", "one");
    expect(seen).toEqual({
      event: "up",
      instance: "one",
      type,
      host: expect.stringMatching(/\.local$/),
      port: 1_111,
      txt: { rev: "1", name: "Jörg" },
      addresses: [{ address: "127.0.0.1", family: "IPv4", interface: expect.any(String), vouched: true }],
    });
    one.order({ update: { rev: "2", name: "Jörg" } });
    expect(await two.event("changed", "one")).toMatchObject({ txt: { rev: "2", name: "Jörg" }, port: 1_111 });
    await one.close();
    expect(await two.event("down", "one")).toMatchObject({ instance: "one" });
    expect(one.lines.at(-1)).toEqual({ event: "closed" });
    // None saw itself, and nothing was reported twice.
    expect(one.lines.filter(({ event }) => event === "up").map(({ instance }) => instance)).toEqual(["two"]);
    expect(two.lines.map(({ event }) => event)).toEqual(["ready", "up", "changed", "down"]);
  });

  it("find again who was killed and came back, with what it says now", async () => {
    const type = uniqueType();
    await using watcher = await new Child({ type, interfaces }).ready();
    const killed = new Child({ type, instance: "one", port: 1_111, interfaces, txt: { rev: "1" } });
    await watcher.event("up", "one");
    await killed.kill();
    await using again = new Child({ type, instance: "one", port: 3_333, interfaces, txt: { rev: "2" } });
    await watcher.line(
      ({ event, instance, port, txt }) =>
        event === "changed" && instance === "one" && port === 3_333 && txt?.["rev"] === "2",
      "the new port and text",
    );
    await again.close();
    await watcher.event("down", "one");
  });

  it("see only services of their type, many on one machine", async () => {
    const [type, otherType] = [uniqueType(), uniqueType()];
    await using watcher = createMdns({ interfaces });
    await watcher.ready();
    const events = record(watcher.browse(type));
    await using hosts = createMdns({ interfaces });
    await hosts.ready();
    const names = Array.from({ length: 20 }, (_, at) => `peer ${at}`);
    for (const [at, instance] of names.entries())
      hosts.advertise({ type, instance, port: 1_000 + at, txt: { peer_id: instance } });
    hosts.advertise({ type: otherType, instance: "elsewhere", port: 1, txt: {} });
    await expect
      .poll(() => [...events.lines].sort(), { timeout: 30_000 })
      .toEqual(names.map((name) => `up ${name}`).sort());
    expect(events.last.get("peer 7")).toMatchObject({ port: 1_007, txt: { peer_id: "peer 7" } });
    await hosts.close();
    await expect.poll(() => events.lines.length, { timeout: 30_000 }).toBe(40);
    expect(events.lines.slice(20).sort()).toEqual(names.map((name) => `down ${name}`).sort());
  });

  it("say so where the interface that was named does not exist", async () => {
    await using mdns = createMdns({ interfaces: ["192.0.2.77"] });
    await mdns.ready();
    expect(mdns.interfaces()).toContainEqual({
      name: "",
      address: "192.0.2.77",
      state: "missing",
      reason: "no interface of this machine has this address",
      heard: 0,
    });
  });

  it("say so where the system refuses the interface", async () => {
    await using mdns = createMdns({
      interfaces: ["192.0.2.77"],
      networkInterfaces: () => ({
        gone0: [{ address: "192.0.2.77", netmask: "255.255.255.0", family: "IPv4", internal: false }],
      }),
    });
    await mdns.ready();
    expect(mdns.interfaces()).toMatchObject([
      {
        name: "gone0",
        state: "failed",
        reason: expect.stringContaining("the interface is gone or knows no multicast"),
      },
    ]);
  });
});
