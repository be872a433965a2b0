import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
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
import { digestsOf } from "./support/tree.ts";

/** How long somebody sleeps, ms: longer than a connection (30 s) and a transfer (30 s) wait without a byte. */
const STOPPED_MS = 40_000;
/** Three tests at a time, each with a sleep, a download, and a second one. */
const TEST_MS = 600_000;

describe.concurrent("in the middle of a download", () => {
  it("a receiver that is stopped for 40 s goes on, and nobody is blamed", { timeout: TEST_MS }, async () => {
    await using party = await DownloadParty.create();
    await Promise.all([party.source("one"), party.source("two")]);
    const receiver = await party.receiver();
    await download(receiver, 2);
    await midDownload(receiver);
    await delay(STOPPED_MS);
    expect(done(receiver)).toBeLessThan(TOTAL_BYTES);
    goOn(receiver);
    const end = await ended(receiver);
    expect(end.event, JSON.stringify(end.data)).toBe("download-finished");
    expect(end.data["struck_out"]).toBeUndefined();
    expect(await digestsOf(party.root("receiver"))).toEqual(await digestsOf(party.root("one")));
  });

  it("a source that is stopped is done without, where there is another one", {
    timeout: TEST_MS,
  }, async () => {
    await using party = await DownloadParty.create();
    const [one] = await Promise.all([party.source("one"), party.source("two")]);
    const receiver = await party.receiver();
    await download(receiver, 2);
    await midDownload(receiver);
    one.child.kill("SIGSTOP");
    goOn(receiver);
    const end = await ended(receiver);
    expect(end.event, JSON.stringify(end.data)).toBe("download-finished");
    expect(end.data["struck_out"]).toBeUndefined();
    expect(await digestsOf(party.root("receiver"))).toEqual(await digestsOf(party.root("two")));
  });

  it("the only source that is stopped for 40 s is given up with a word, and goes on where it was", {
    timeout: TEST_MS,
  }, async () => {
    await using party = await DownloadParty.create();
    const source = await party.source("one");
    const receiver = await party.receiver();
    await download(receiver, 1);
    await midDownload(receiver);
    source.child.kill("SIGSTOP");
    goOn(receiver);
    await delay(STOPPED_MS);
    source.child.kill("SIGCONT");
    const first = await ended(receiver);
    expect(first.event, JSON.stringify(first.data)).toBe("download-peers-gone");
    expect(String(first.data["message"])).toMatch(/source of quake3/);
    expect(await readdir(party.root("receiver"))).not.toContain("version.ini");
    const before = done(receiver);
    await download(receiver, 1);
    const second = await ended(receiver, 1);
    expect(second.event, JSON.stringify(second.data)).toBe("download-finished");
    // Nothing that was there is fetched again, but for `version.ini`, which is not on the disk before the end.
    expect(fetched(second)).toBeLessThanOrEqual(TOTAL_BYTES - before + SENTINEL_BYTES);
    expect(await digestsOf(party.root("receiver"))).toEqual(await digestsOf(party.root("one")));
  });
});
