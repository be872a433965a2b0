import { createHash } from "node:crypto";
import { mkdir, open, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededChunks, smallDisk, smallDiskUnavailable } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  DownloadParty,
  done,
  download,
  ended,
  fetched,
  goOn,
  midDownload,
  SENTINEL_BYTES,
  TOTAL_BYTES,
} from "./support/download-party.ts";
import { type TestHarness, until } from "./support/test-harness.ts";
import { digestsOf, treeOf } from "./support/tree.ts";

const MIB = 1_048_576;
/** Two downloads, and a change that is noticed, on a machine that other tests keep busy. */
const TEST_MS = 600_000;
const OLD_VERSION = "20200101";

describe("a download", () => {
  it("goes on with the others when a file changes at one of its sources", { timeout: TEST_MS }, async () => {
    await using party = await DownloadParty.create();
    const [one] = await Promise.all([party.source("one"), party.source("two")]);
    const receiver = await party.receiver();
    await download(receiver, 2);
    await midDownload(receiver);
    await truncate(join(party.root("one"), "data/large.pak"), 5 * MIB);
    expect(done(receiver)).toBeLessThan(TOTAL_BYTES);
    goOn(receiver);
    const end = await ended(receiver);
    expect(end.event, JSON.stringify(end.data)).toBe("download-finished");
    expect(await digestsOf(party.root("receiver"))).toEqual(await digestsOf(party.root("two")));
    await showsSize(one, 8 * MIB + 5 + SENTINEL_BYTES);
  });

  it("fails with a word when a file changes at its only source; the next one brings what is there now", {
    timeout: TEST_MS,
  }, async () => {
    await using party = await DownloadParty.create();
    const source = await party.source("one");
    const receiver = await party.receiver();
    await download(receiver, 1);
    await midDownload(receiver);
    await truncate(join(party.root("one"), "data/large.pak"), 5 * MIB);
    goOn(receiver);
    const first = await ended(receiver);
    expect(first.event, JSON.stringify(first.data)).toBe("download-peers-gone");
    expect(String(first.data["message"])).toMatch(/quake3.*(large\.pak|changed|manifest)/);
    expect(await readdir(party.root("receiver"))).not.toContain("version.ini");
    const newBytes = 8 * MIB + 5 + SENTINEL_BYTES;
    await Promise.all([source, receiver].map((peer) => showsSize(peer, newBytes)));
    await download(receiver, 1);
    const second = await ended(receiver, 1);
    expect(second.event, JSON.stringify(second.data)).toBe("download-finished");
    expect(await digestsOf(party.root("receiver"))).toEqual(await digestsOf(party.root("one")));
  });

  it("waits for its only source while that installs the game", { timeout: TEST_MS }, async () => {
    await using party = await DownloadParty.create();
    const bytes = 256 * MIB;
    const entry = { name: "part.pak", content: { size: bytes, chunks: () => seededChunks(9, bytes) } };
    const source = await party.source("one", { entries: [entry] });
    const receiver = await party.receiver(bytes);
    await download(receiver, 1);
    await midDownload(receiver, bytes);
    await source.ask({ cmd: "install", game_id: "quake3" });
    expect(done(receiver)).toBeLessThan(bytes);
    goOn(receiver);
    const end = await ended(receiver);
    expect(end.event, JSON.stringify(end.data)).toBe("download-finished");
    const installed = await source.event("install-finished");
    expect(installed.time).toBeLessThan(end.time);
    expect(await digestsOf(party.root("receiver"))).toEqual(
      await digestsOf(party.root("one"), { withoutLocal: true }),
    );
  });

  it.skipIf(smallDiskUnavailable() !== undefined)(
    `that fills the disk fetches only what is missing when there is room ${smallDiskUnavailable() ?? ""}`,
    { timeout: TEST_MS },
    async () => {
      await using disk = await smallDisk(TOTAL_BYTES + 8 * MIB);
      await using party = await DownloadParty.create();
      await Promise.all([party.source("one"), party.source("two")]);
      const receiver = await party.receiver(TOTAL_BYTES, "--games-dir", disk.path);
      await download(receiver, 2);
      await midDownload(receiver);
      await fill(disk.join("of somebody else"));
      goOn(receiver);
      const first = await ended(receiver);
      expect(first.event, JSON.stringify(first.data)).toBe("download-failed");
      expect(first.data["code"]).toBe("disk-full");
      expect(await readdir(disk.join("quake3"))).not.toContain("version.ini");
      const before = done(receiver);
      await rm(disk.join("of somebody else"));
      await download(receiver, 2);
      const second = await ended(receiver, 1);
      expect(second.event, JSON.stringify(second.data)).toBe("download-finished");
      expect(fetched(second)).toBeLessThanOrEqual(TOTAL_BYTES - before + SENTINEL_BYTES);
      expect(await digestsOf(disk.join("quake3"))).toEqual(await digestsOf(party.root("one")));
    },
  );
});

/** Takes all the room there is. */
async function fill(path: string): Promise<void> {
  await using file = await open(path, "wx");
  const zeros = Buffer.alloc(MIB);
  try {
    for (;;) await file.write(zeros);
  } catch {
    // Full.
  }
}

/** Waits until a peer shows the game with this size: its own one, else the one that others offer. */
function showsSize(peer: TestHarness, bytes: number): Promise<unknown> {
  return until(
    `a game of ${bytes} bytes`,
    async () => {
      const answer = await peer.ask({ cmd: "list-games" });
      const games = answer.type === "result" ? (answer.data["games"] as { size: number }[]) : [];
      return games[0]?.size === bytes;
    },
    TEST_MS,
  );
}

describe("an update", () => {
  /** Two who have the new version, one who has the old one, and a receiver that has the old one and things of its user. */
  async function partyWithOldVersions(
    party: DownloadParty,
    startReceiver: (party: DownloadParty) => Promise<TestHarness>,
  ) {
    await Promise.all([party.source("one"), party.source("two")]);
    for (const name of ["late", "receiver"]) {
      const root = party.root(name);
      await mkdir(join(root, "data"), { recursive: true });
      await writeFile(join(root, "data/large.pak"), Buffer.alloc(2 * MIB, "old"));
      await writeFile(join(root, "data/gone.pak"), "only in the old version");
      await writeFile(join(root, "version.ini"), `${OLD_VERSION}\n`);
    }
    await mkdir(join(party.root("receiver"), "local"));
    await writeFile(join(party.root("receiver"), "local/save.dat"), "mine");
    await mkdir(join(party.root("receiver"), ".sync"));
    await writeFile(join(party.root("receiver"), ".sync/state"), "of another program");
    const late = await party.start("late");
    const receiver = await startReceiver(party);
    const ready = await receiver.event("local-peer-ready");
    const { peer_id: receiverId } = ready.data;
    /** Games that the one with the old version sees at the receiver. */
    const seen = async (): Promise<number | undefined> => {
      const answer = await late.ask({ cmd: "list-peers" });
      const peers = answer.type === "result" ? (answer.data["peers"] as Record<string, unknown>[]) : [];
      return peers.find((peer) => peer["peer_id"] === receiverId)?.["game_count"] as number | undefined;
    };
    await until("the old version at the receiver", async () => (await seen()) === 1);
    await download(receiver, 2, { latest: true });
    return { receiver, seen };
  }

  const OF_THE_USER = {
    "local/save.dat": sha256("mine"),
    ".sync/state": sha256("of another program"),
  };

  it("comes from those who have it, is offered by nobody who has it in part, and leaves nothing of the old version", {
    timeout: TEST_MS,
  }, async () => {
    await using party = await DownloadParty.create();
    const { receiver, seen } = await partyWithOldVersions(party, (any) => any.start("receiver"));
    await receiver.event("download-begin");
    await until("the old version is withdrawn", async () => (await seen()) === 0);
    expect(receiver.events("download-finished")).toEqual([]);
    const end = await ended(receiver);
    expect(end.event, JSON.stringify(end.data)).toBe("download-finished");
    expect(Object.keys(end.data["sources"] as object)).toHaveLength(2);
    expect(fetched(end)).toBe(TOTAL_BYTES);
    await until("the new version at the receiver", async () => (await seen()) === 1);
    expect(await digestsOf(party.root("receiver"))).toEqual({
      ...(await digestsOf(party.root("one"))),
      ...OF_THE_USER,
    });
  });

  it("that is cancelled in the middle brings nothing of the old version back, and keeps what is the user's", {
    timeout: TEST_MS,
  }, async () => {
    await using party = await DownloadParty.create();
    const { receiver, seen } = await partyWithOldVersions(party, (any) => any.receiver());
    await midDownload(receiver);
    const asked = receiver.ask({ cmd: "cancel-download", game_id: "quake3" });
    goOn(receiver);
    await asked;
    const end = await ended(receiver);
    expect(end.event, JSON.stringify(end.data)).toBe("download-cancelled");
    expect(await treeOf(party.root("receiver"))).toEqual([
      ".sync/",
      ".sync/state",
      "local/",
      "local/save.dat",
    ]);
    expect(await digestsOf(party.root("receiver"))).toEqual(OF_THE_USER);
    expect(await seen()).toBe(0);
  });
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
