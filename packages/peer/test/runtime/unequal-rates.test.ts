import { spawn } from "node:child_process";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { asGameId, gameVersionSchema, type RuntimeEventOf } from "@lanspread/proto";
import {
  createVirtualLan,
  type LanHost,
  namespacesUnavailable,
  seededBytes,
  temporaryDirectory,
} from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createSourceGame, hasWholeGame, MIB } from "../download/support.ts";
import type { RateChildOptions } from "./rate-child.ts";

const GGOO = asGameId("ggoo");
const VERSION = gameVersionSchema.parse("20180412");
const CHILD = fileURLToPath(new URL("./rate-child.ts", import.meta.url));
const BYTES = 32 * MIB;
/** Of the sources, Mbit/s: so little that the wire is what is waited for, whatever else the machine does. */
const RATES = [8, 16, 32] as const;
const RATE_SUM = RATES.reduce((sum, mbit) => sum + mbit, 0);
/** A source that stands still for seconds carries less than its share: in one download, not in each. */
const MAX_DOWNLOADS = 3;

/** A peer in a namespace; each line that it writes is taken once. */
function startChild(host: LanHost, options: RateChildOptions) {
  const [program, ...args] = host.command(
    process.execPath,
    "--conditions=source",
    CHILD,
    JSON.stringify(options),
  );
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    next: async <T>(): Promise<T> => {
      const line = await lines.next();
      if (line.done === true) throw new Error(`the peer ended: ${complaints}`);
      return JSON.parse(line.value);
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await closed;
    },
  };
}

const unavailable = namespacesUnavailable();

describe.skipIf(unavailable !== undefined)(
  `sources of unequal rates${unavailable === undefined ? "" : ` (skipped: ${unavailable})`}`,
  () => {
    it("carry their share of the bytes each, the slow ones too", async () => {
      await using opened = new AsyncDisposableStack();
      const dir = opened.use(await temporaryDirectory());
      const lan = createVirtualLan();
      opened.defer(() => lan[Symbol.dispose]());
      const wire = lan.addSwitch("198.18.9"); // RFC 2544: benchmarking
      const game = await createSourceGame(
        dir.join("content"),
        { "version.ini": VERSION, "game.eti": seededBytes(7, BYTES) },
        VERSION,
      );
      const start = async (name: string, host: LanHost, more: Partial<RateChildOptions> = {}) => {
        await mkdir(dir.join(name, "games", GGOO), { recursive: true });
        const options = {
          gamesDir: dir.join(name, "games"),
          stateDir: dir.join(name, "state"),
          party: "rates",
        };
        return startChild(host, { ...options, listen: `${host.address}:0`, ...more });
      };
      const sources = await Promise.all(
        RATES.map(async (mbit, index) => {
          const host = lan.addHost(wire);
          host.run(
            ...(["tc", "qdisc", "add", "dev", host.interfaceOn(wire), "root", "tbf"] as const),
            ...(["rate", `${mbit}mbit`, "burst", "16kb", "latency", "50ms"] as const),
          );
          const root = dir.join(`source-${index}`, "games", GGOO);
          await mkdir(root, { recursive: true });
          for (const path of game.files.keys()) await copyFile(join(game.root, path), join(root, path));
          return opened.use(await start(`source-${index}`, host));
        }),
      );
      const from = await Promise.all(sources.map((source) => source.next<string>()));
      /** @returns of each source, the slowest first: what it carried, as a part of what its rate would have carried */
      const download = async (name: string): Promise<number[]> => {
        await using receiver = await start(name, lan.addHost(wire), { download: { gameId: GGOO, from } });
        await receiver.next();
        const end = await receiver.next<RuntimeEventOf<"download-finished">>();
        expect(end).toMatchObject({ type: "download-finished" });
        expect(await hasWholeGame(dir.join(name, "games", GGOO), game)).toBe(true);
        const carried = Object.values(end.sources).sort((a, b) => a - b);
        expect(carried).toHaveLength(RATES.length);
        return RATES.map((mbit, index) => ((carried[index] ?? 0) * RATE_SUM) / (end.bytes * mbit));
      };
      const downloads: number[][] = [];
      const isFair = (shares: readonly number[]): boolean => shares.every((share) => share > 0.5);
      while (downloads.length < MAX_DOWNLOADS && !downloads.some(isFair))
        downloads.push(await download(`receiver-${downloads.length}`));
      expect(downloads.some(isFair), `the shares: ${JSON.stringify(downloads)}`).toBe(true);
    });
  },
);
