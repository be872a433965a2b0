import { mkdir, writeFile } from "node:fs/promises";
import { asGameId, type OutboundRate } from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { RATE_SAMPLES } from "../../src/runtime/constants.ts";
import { makeGame, offered, Party } from "./party.ts";

/** More than two peers of one machine send each other before anybody looks. */
const LARGE_BYTES = 40_000_000;

describe("what is sent", () => {
  it.each([
    ["by the main thread", 0],
    ["by a lane", 1],
  ])("%s is told with receiver, game and rate, and it ends", async (_, lanes) => {
    await using party = await Party.make();
    const { gamesDir } = await party.folders("alpha");
    const quake = await makeGame(gamesDir, "quake");
    await writeFile(`${gamesDir}/quake/large.dat`, seededBytes(3, LARGE_BYTES));
    await mkdir(`${gamesDir}/doom`);
    await writeFile(`${gamesDir}/doom/version.ini`, "1\n");
    const common = { discovery: null, lanes } as const;
    const alpha = await party.start("alpha", common);
    const bravo = await party.start("bravo", common);
    await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
    await offered(bravo, quake);
    await bravo.peer.send({ type: "get-game", gameId: asGameId("doom") });
    await bravo.peer.send({ type: "download-game-files", gameId: quake, install: false });
    const { bytes } = await bravo.event("download-finished");
    await alpha.event("outbound-progress", ({ transfers }) => transfers.length === 0);
    const reports = alpha.events.flatMap((event) =>
      event.type === "outbound-progress" ? [event.transfers] : [],
    );
    const receivers = reports.flat().map(({ peerId, gameId }) => `${gameId} to ${peerId}`);
    // Who looked at a game was sent its manifest, and none of its bytes.
    expect(new Set(receivers)).toEqual(new Set([`quake to ${bravo.peer.peerId}`]));
    // A machine under load takes longer than a second from one report to the next.
    expect(sentBy(reports)).toBeGreaterThan(bytes / 4);
    expect(reports.findIndex(({ length }) => length === 0)).toBe(reports.length - 1);
    expect(alpha.peer.snapshot().outbound).toEqual([]);
    expect(bravo.events.some(({ type }) => type === "outbound-progress")).toBe(false);
  });

  it("shows in the snapshot while it goes on", async () => {
    await using party = await Party.make();
    const { gamesDir } = await party.folders("alpha");
    const quake = await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha", { discovery: null, lanes: 0 });
    const bravo = await party.start("bravo", { discovery: null, lanes: 0 });
    await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
    await offered(bravo, quake);
    await bravo.peer.send({ type: "stream-install-game", gameId: quake });
    const [shown] = await eventually(() => {
      const { outbound } = alpha.peer.snapshot();
      return outbound.length > 0 ? outbound : undefined;
    });
    expect(shown).toEqual({ peerId: bravo.peer.peerId, gameId: quake, bytesPerSecond: expect.any(Number) });
    await bravo.event("stream-install-finished");
    const streamed = bravo.events.flatMap((event) =>
      event.type === "install-progress" && event.phase === "streaming" ? [event.rates] : [],
    );
    expect(streamed.length).toBeGreaterThan(0);
    for (const rates of streamed) expect(rates).toEqual({ [alpha.peer.peerId]: expect.any(Number) });
  });
});

/** Bytes that the rates of reports make together where they are a second apart: each byte counts in three of them. */
function sentBy(reports: readonly (readonly OutboundRate[])[]): number {
  const rates = reports.map((all) => all.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0));
  return rates.reduce((sum, rate, index) => sum + rate * Math.min(index + 1, RATE_SAMPLES), 0) / RATE_SAMPLES;
}
