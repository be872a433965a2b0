import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Harness, HarnessCommandError, isEvent, startHarness } from "../src/harness-process.ts";

const UNRULY = fileURLToPath(new URL("./programs/unruly.mjs", import.meta.url));

function unruly(mode: string): Harness {
  return startHarness({ program: [process.execPath, UNRULY, mode], name: mode });
}

describe("the harness driver", () => {
  it("gives each answer to the question that it belongs to, whatever the order", async () => {
    await using harness = unruly("quiet");
    const late = harness.send({ cmd: "list-peers", late: true });
    const early = harness.send({ cmd: "list-peers" });
    expect(await early).toEqual({ peers: [1] });
    expect(await late).toEqual({ peers: [] });
  });

  it("rejects with the code that the harness gave", async () => {
    await using harness = unruly("quiet");
    const refused = harness.send({ cmd: "status" });
    await expect(refused).rejects.toBeInstanceOf(HarnessCommandError);
    await expect(refused).rejects.toMatchObject({ code: "internal" });
  });

  it("says which command was not answered", async () => {
    await using harness = unruly("quiet");
    await expect(harness.send({ cmd: "never-heard-of" }, { deadlineMs: 100 })).rejects.toThrow(
      "no answer to never-heard-of within 100 ms",
    );
  });

  it("finds events that came before and after the question", async () => {
    await using harness = unruly("quiet");
    const ready = await harness.event(isEvent("local-peer-ready"));
    expect(await harness.event(isEvent("local-peer-ready", { addr: "127.0.0.1:1" }))).toBe(ready);
    await expect(harness.event(isEvent("local-peer-ready"), { from: 1, deadlineMs: 50 })).rejects.toThrow(
      "local-peer-ready {} did not come within 50 ms",
    );
    await expect(
      harness.event(isEvent("local-peer-ready", { addr: "x" }), { deadlineMs: 50 }),
    ).rejects.toThrow("x");
  });

  it("sets lines aside that are not of the contract, and keeps stderr apart", async () => {
    const harness = unruly("chatter");
    await harness.close();
    expect(harness.foreignLines).toEqual(["a stray line", '{"type":"nonsense"}']);
    expect(harness.stderrTail()).toBe("said on stderr\n");
    expect(harness.events).toHaveLength(1);
  });

  it("tells everybody who waits when the process dies, with its last words", async () => {
    const harness = unruly("dies");
    await expect(harness.event(isEvent("peer-discovered"))).rejects.toThrow(
      /dies ended with code 7\nout of luck/,
    );
    expect(await harness.exited).toEqual({ code: 7, signal: null });
    await expect(harness.send({ cmd: "status" })).rejects.toThrow("ended with code 7");
    expect(await harness.close()).toEqual({ code: 7, signal: null });
  });

  it("ends a process that ignores shutdown, the end of stdin and SIGTERM", async () => {
    const harness = startHarness({
      program: [process.execPath, UNRULY, "stubborn"],
      graceMs: { shutdown: 200, terminate: 200 },
    });
    await harness.event(isEvent("local-peer-ready"));
    expect(await harness.close()).toEqual({ code: null, signal: "SIGKILL", forcedBy: "SIGKILL" });
    expect(() => process.kill(harness.pid, 0)).toThrow("ESRCH");
  });

  it("says when a process had to be told by a signal, though it ended with code 0", async () => {
    const harness = startHarness({
      program: [process.execPath, UNRULY, "deaf"],
      graceMs: { shutdown: 200, terminate: 20_000 },
    });
    await harness.event(isEvent("local-peer-ready"));
    expect(await harness.close()).toEqual({ code: 0, signal: null, forcedBy: "SIGTERM" });
    const obedient = unruly("quiet");
    await obedient.event(isEvent("local-peer-ready"));
    expect(await obedient.close()).toEqual({ code: 0, signal: null });
  });

  it("reports a program that cannot be started", async () => {
    const harness = startHarness({ program: ["/no/such/program"], name: "ghost" });
    await expect(harness.event(isEvent("local-peer-ready"))).rejects.toThrow("ghost ended before it started");
    expect(await harness.close()).toEqual({ code: null, signal: null });
  });
});
