import { execFile, execFileSync } from "node:child_process";
import { appendFileSync, linkSync, symlinkSync, unlinkSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually, seededBytes, smallDisk, smallDiskUnavailable } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DownloadOptions } from "../../src/download/index.ts";
import { PeerError } from "../../src/errors/index.ts";
import type { LanePool } from "../../src/lanes/index.ts";
import {
  createRig,
  createSource,
  type DownloadRig,
  type Files,
  GGOO,
  hasWholeGame,
  VERSION,
} from "../download/support.ts";
import { startRawPeer } from "../peers/raw-peer.ts";
import {
  fetchingPool,
  MIB,
  openFilesBelow,
  type ServedGame,
  serveGame,
  type ThreadWatch,
  watchThreads,
} from "./support.ts";

const BIG = "game.eti";
const FILES: Files = { "version.ini": VERSION, [BIG]: seededBytes(3, 12 * MIB) };
const noDisk = smallDiskUnavailable();

let watch: ThreadWatch;
let rig: DownloadRig;
let served: ServedGame;
let lanes: LanePool;

beforeEach(async () => {
  watch = watchThreads();
  rig = await createRig();
  served = await serveGame(rig.dir, FILES);
  lanes = await fetchingPool(() => served.pool.ports());
});

afterEach(async () => {
  await lanes[Symbol.asyncDispose]();
  await served[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
  watch[Symbol.dispose]();
});

/** How a download ends into a directory, to which something happens when it has begun. */
async function failureIn(
  gamesDir: string,
  happens: (root: string) => void,
  options: Partial<DownloadOptions>,
): Promise<unknown> {
  const root = join(gamesDir, GGOO);
  const where = { gamesDir, root, onBegin: () => happens(root) };
  return rig
    .download(served.game, [served.source], { ...where, ...options })
    .catch((error: unknown) => error);
}

/** The same trouble with lanes and without must end in the same way. */
async function expectTheSame(
  place: () => Promise<string>,
  happens: (root: string) => void,
  expected: object,
): Promise<void> {
  const [first, second] = [await place(), await place()];
  const without = await failureIn(first, happens, {});
  // From now on the lanes are known to be reached: what follows goes through them from the first unit on.
  await rig.download(served.game, [served.source], { lanes });
  const asked = served.source.requests.length;
  const withLanes = await failureIn(second, happens, { lanes });
  expect(without).toBeInstanceOf(PeerError);
  expect(withLanes).toBeInstanceOf(PeerError);
  expect(without).toMatchObject(expected);
  expect(withLanes).toMatchObject(expected);
  // How much had come by then is chance.
  const said = (error: unknown): string =>
    error instanceof PeerError
      ? error.message.replaceAll(first, second).replace(/\d+ more bytes/u, "bytes")
      : "";
  expect(said(withLanes)).toBe(said(without));
  // Nothing but version.ini was asked for over the control connection.
  expect(served.source.requests.length - asked).toBeLessThanOrEqual(1);
  expect(openFilesBelow(second)).toEqual([]);
  await eventually(() => Object.keys(served.pool.counts()).length === 0, { what: "nothing going out" });
}

describe.skipIf(noDisk !== undefined)(
  `a disk of its own${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  () => {
    it("that becomes full ends the download as without lanes, and it goes on when there is room", async () => {
      await using first = await smallDisk(16 * MIB);
      await using second = await smallDisk(16 * MIB);
      const places = [first.path, second.path];
      const fill = (root: string): void => {
        try {
          for (;;) appendFileSync(join(root, "..", "other"), Buffer.alloc(64 * 1024));
        } catch {
          // Full.
        }
      };
      await expectTheSame(async () => places.shift() ?? "", fill, { code: "disk-full" });
      unlinkSync(second.join("other"));
      const where = { gamesDir: second.path, root: second.join(GGOO) };
      await rig.download(served.game, [served.source], { ...where, lanes });
      expect(await hasWholeGame(where.root, served.game)).toBe(true);
    });

    it("that becomes read-only ends the download as without lanes", async () => {
      await using first = await smallDisk(32 * MIB);
      await using second = await smallDisk(32 * MIB);
      const places = [first.path, second.path];
      const readOnly = (root: string): void => {
        execFileSync("mount", ["-o", "remount,ro", join(root, "..")]);
      };
      await expectTheSame(async () => places.shift() ?? "", readOnly, {
        message: expect.stringContaining(BIG),
      });
    });
  },
);

it("writes to nothing that somebody put in a file's place: the same error as without lanes", async () => {
  const precious = rig.dir.join("precious");
  await writeFile(precious, "not yours");
  let places = 0;
  const place = async (): Promise<string> => {
    places += 1;
    const games = rig.dir.join(`games-${places}`);
    await mkdir(games);
    return games;
  };
  const replace = (root: string): void => {
    unlinkSync(join(root, BIG));
    symlinkSync(precious, join(root, BIG));
  };
  await expectTheSame(place, replace, { message: expect.stringContaining(BIG) });
  expect(await readFile(precious, "utf8")).toBe("not yours");
  const link = (root: string): void => {
    unlinkSync(join(root, BIG));
    linkSync(precious, join(root, BIG));
  };
  await expectTheSame(place, link, { message: expect.stringContaining(BIG) });
  expect(await readFile(precious, "utf8")).toBe("not yours");
});

it("leaves nothing under way and nothing open when it is cancelled", async () => {
  const cancelling = new AbortController();
  const reason = new PeerError("cancelled", "enough");
  watch.onTold = (_, { type }) => {
    if (type === "piece") cancelling.abort(reason);
  };
  const ending = rig.download(served.game, [served.source], { lanes, signal: cancelling.signal });
  await expect(ending).rejects.toBe(reason);
  expect(openFilesBelow(rig.gamesDir)).toEqual([]);
  await eventually(() => Object.keys(served.pool.counts()).length === 0, { what: "nothing going out" });
});

it("does not wait for what a source may still send when it is cancelled", async () => {
  const cancelling = new AbortController();
  const reason = new PeerError("cancelled", "enough");
  await using mute = await startRawPeer();
  mute.answerWith(() => {
    cancelling.abort(reason);
    return null;
  });
  await using pool = await fetchingPool(() => [mute.endpoint.address.port]);
  const source = createSource(mute.identity.peerId, served.game);
  const ending = rig.download(served.game, [source], { lanes: pool, signal: cancelling.signal });
  await expect(ending).rejects.toBe(reason);
  const told = watch.threads.flatMap(({ told: all }) => all);
  const failures = told.flatMap((message) => (message.type === "ended" ? [message.failure] : []));
  expect(failures.length).toBeGreaterThan(0);
  for (const failure of failures) expect(failure).toEqual({ kind: "cancelled" });
});

it("fetches only what is missing where lanes had written the rest", async () => {
  const stopping = new AbortController();
  watch.onTold = (_, { type }) => {
    if (type === "piece") stopping.abort(new PeerError("shutting-down", "The peer is stopping."));
  };
  await expect(
    rig.download(served.game, [served.source], { lanes, signal: stopping.signal }),
  ).rejects.toMatchObject({ code: "shutting-down" });
  const resumed = await rig.download(served.game, [served.source], { lanes });
  expect(await hasWholeGame(rig.root, served.game)).toBe(true);
  const fetched = Object.values(resumed.sources).reduce((sum, bytes) => sum + bytes, 0);
  expect(fetched).toBeLessThan(resumed.bytes);
});

it("lets the process end when its peers have stopped in mid-transfer", async () => {
  const child = fileURLToPath(new URL("./stopping-child.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=source",
    child,
    rig.dir.path,
  ]);
  expect(JSON.parse(stdout)).toEqual({ open: [], threads: 0, finished: false });
});
