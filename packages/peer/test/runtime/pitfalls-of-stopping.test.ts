import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { asGameId, encodeFrame } from "@lanspread/proto";
import { eventually, eventuallyPasses } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadPartyCa } from "../../src/identity/index.ts";
import { createControlSession } from "../../src/index.ts";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import { HELLO_TIMEOUT_MS } from "../../src/peers/constants.ts";
import { type RawPeer, startRawPeer } from "../peers/raw-peer.ts";
import { game, library, makeIdentity } from "../peers/support.ts";
import { type Member, makeGame, Party } from "./party.ts";
import type { StopPlan, StopReport } from "./stop-child.ts";

const DOOM = asGameId("doom");
const GAMES = 12;
const ROUNDS = 8;

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

/** A peer that says hello and that it has a game, and answers nothing else, ever. */
async function startSilentPeer(to: Member): Promise<RawPeer> {
  const raw = await startRawPeer({ identity: await makeIdentity(await loadPartyCa()) });
  raw.answerWith(() => null);
  const { connection, channel } = await raw.dial(Number(to.peer.addr.split(":")[1]));
  await channel.request(raw.hello({ party: party.name, library: library(1, game("doom")) }));
  // Half a request: its reader waits for the rest.
  const stream = await connection.openStream();
  await stream.write(encodeFrame({ type: "list_games" }).subarray(0, 7));
  return raw;
}

describe("the end of a peer", () => {
  it("kills no detached task in mid-write: nothing is being written when stop() has ended", async () => {
    const { gamesDir } = await party.folders("alpha");
    for (let n = 0; n < GAMES; n += 1) await makeGame(gamesDir, `game${n}`);
    const plan: StopPlan = { gamesDir, stateDirs: party.path("states"), rounds: ROUNDS, gameId: "game0" };
    const child = spawn(
      process.execPath,
      ["--conditions=source", fileURLToPath(new URL("stop-child.ts", import.meta.url)), JSON.stringify(plan)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [out, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    expect(code).toBe(0);
    const reports: StopReport[] = JSON.parse(out);
    expect(reports.map(({ round }) => round)).toEqual(Array.from({ length: ROUNDS }, (_, n) => n));
    for (const { interrupted: _, ...report } of reports) {
      expect(report).toEqual({ round: report.round, unfinished: [], flushes: 0, temporary: [] });
    }
    // Else every stop came before the first write, or behind the last one.
    expect(reports.filter(({ interrupted }) => interrupted > 0).length).toBeGreaterThan(ROUNDS / 3);
  });

  it("waits for no blocking receive: whatever somebody waits for can be cancelled, and ends with the peer", async () => {
    const log: LogEntry[] = [];
    const logger = createLogger({ level: "warn", sink: (entry) => log.push(entry) });
    const alpha = await party.start("alpha", { discovery: null, logger });
    await alpha.event("local-library-changed");
    await using silent = await startSilentPeer(alpha);
    await using mute = await startRawPeer({ identity: await makeIdentity(await loadPartyCa()) });
    mute.answerWith(() => null);
    const answers: unknown[] = [];
    const session = createControlSession({
      peer: alpha.peer,
      writeLine: (line) => {
        const said = JSON.parse(line);
        if (said.type === "error") answers.push(said.code);
      },
      onShutdown: () => {},
    });
    const connect = { type: "connect", addr: `127.0.0.1:${mute.endpoint.address.port}` } as const;
    const getGame = { type: "get-game", gameId: DOOM } as const;

    const cancelled = new AbortController();
    const reason = new Error("the user has gone");
    const own = [connect, getGame].map((command) => alpha.peer.send(command, { signal: cancelled.signal }));
    const outcomes: unknown[] = [];
    for (const sent of own) sent.catch((error: unknown) => outcomes.push(error));
    await eventuallyPasses(() => expect(mute.inbound.length).toBe(1));
    cancelled.abort(reason);
    // Well before a silent peer would be given up.
    await eventually(() => outcomes.length === own.length, { deadlineMs: HELLO_TIMEOUT_MS / 2 });
    expect(outcomes).toMatchObject([{ cause: reason }, { cause: reason }]);

    const waiting = [connect, getGame].map((command) => alpha.peer.send(command));
    const ended = Promise.allSettled(waiting);
    await alpha.peer.send({ type: "download-game-files", gameId: DOOM });
    session.takeLine(JSON.stringify({ id: 1, cmd: "wait-peers", count: 99, timeout_ms: 3_600_000 }));
    const reader = (async () => {
      for await (const event of alpha.peer.events()) if (event.type === "runtime-failed") return event;
      return null;
    })();
    await eventuallyPasses(() => expect(mute.inbound.length).toBe(2));
    await eventuallyPasses(() => expect(alpha.peer.snapshot().status.operations).toHaveLength(1));

    await alpha.peer.stop();
    expect(log.filter(({ message }) => message.includes("not everything had ended"))).toEqual([]);
    for (const outcome of await ended) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "shutting-down" } });
    }
    expect(await reader).toBeNull();
    await session.idle();
    await session.ended;
    expect(answers).toEqual(["shutting-down"]);
    expect(alpha.events.at(-1)).toMatchObject({ type: "download-failed", code: "shutting-down" });
    expect(silent.inbound).toEqual([]);
  });
});
