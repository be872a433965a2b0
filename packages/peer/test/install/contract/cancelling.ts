import { readdirSync, statSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { TemporaryDirectory } from "@lanspread/testkit";
import { describe, expect } from "vitest";
import type { UnpackProgress } from "../../../src/install/index.ts";
import { createCollectingSink } from "./collecting-sink.ts";
import type { Contract } from "./subject.ts";
import { settle, type Trial, writeRar } from "./trial.ts";

/** How often an unpacking is begun of which everything was there before this thread had its turn to cancel it. */
const ATTEMPTS = 5;

interface CancelledUnpacking {
  /** Absolute path. */
  readonly archive: string;
  /** Whether it is to be cancelled now. */
  readonly when: (progress: UnpackProgress) => boolean;
  /** How much is in the directory. */
  readonly made: (into: string) => number;
  /** How much is in it when everything is. */
  readonly all: number;
}

/** Unpacks, and cancels in the midst of it. Returns what it ends with, and how much was made. */
async function cancelInTheMidst(
  place: TemporaryDirectory,
  { unpacker }: Trial,
  { archive, when, made, all }: CancelledUnpacking,
) {
  const into = place.join("into");
  for (let attempt = 1; ; attempt++) {
    await mkdir(into);
    const stop = new AbortController();
    let wasMidst = false;
    const [, error] = await settle(
      unpacker.unpack({
        archive,
        into,
        signal: stop.signal,
        onProgress: (progress) => {
          if (stop.signal.aborted || !when(progress)) return;
          stop.abort();
          wasMidst = made(into) < all;
        },
      }),
    );
    if (wasMidst || attempt === ATTEMPTS) return { error, made: made(into) };
    await rm(into, { recursive: true });
  }
}

export function cancelling({ it }: Contract): void {
  describe("progress", () => {
    it("progress goes from the first entry to the last, by entries and by bytes", async (place, trial) => {
      const archive = place.join("game.eti");
      const sizes = [60_000_000, 0, 40_000_000, 1];
      const total = sizes.reduce((sum, size) => sum + size, 0);
      await writeRar(5)(
        archive,
        sizes.map((zeros, index) => ({ name: `f${index}`, content: { zeros } })),
      );
      const seen: UnpackProgress[] = [];
      await mkdir(place.join("into"));
      await trial.unpacker.unpack({
        archive,
        into: place.join("into"),
        onProgress: (step) => seen.push(step),
      });
      expect(seen[0]).toEqual({
        entry: "f0",
        doneEntries: 0,
        totalEntries: 4,
        doneBytes: 0,
        totalBytes: total,
      });
      expect(seen.at(-1)?.entry).toBe("f3");
      for (const [at, { entry, doneEntries, doneBytes, totalBytes, totalEntries }] of seen.entries()) {
        expect(entry).toMatch(/^f[0-3]$/u);
        expect([totalEntries, totalBytes]).toEqual([4, total]);
        expect(doneEntries).toBeGreaterThanOrEqual(seen[at - 1]?.doneEntries ?? 0);
        expect(doneBytes).toBeGreaterThanOrEqual(seen[at - 1]?.doneBytes ?? 0);
        expect(doneEntries).toBeLessThanOrEqual(4);
        expect(doneBytes).toBeLessThanOrEqual(total);
      }
    });
  });

  describe("cancelling", () => {
    it("a cancel ends the unpacking in the middle of an entry", async (place, trial) => {
      const archive = place.join("game.eti");
      const zeros = 1024 ** 3;
      await writeRar(5)(archive, [{ name: "huge.bin", content: { zeros } }]);
      const { error, made } = await cancelInTheMidst(place, trial, {
        archive,
        when: ({ doneBytes }) => doneBytes > 0,
        made: (into) => statSync(join(into, "huge.bin")).size,
        all: zeros,
      });
      expect([error?.code, error?.message]).toEqual(["cancelled", expect.stringContaining(archive)]);
      expect(made).toBeLessThan(zeros);
    });

    it("a cancel ends the unpacking between entries", async (place, trial) => {
      const archive = place.join("game.eti");
      const entries = Array.from({ length: 400 }, (_, index) => ({
        name: `f${index}`,
        content: { zeros: 2_000_000 },
      }));
      await writeRar(5)(archive, entries);
      const { error, made } = await cancelInTheMidst(place, trial, {
        archive,
        when: ({ doneEntries }) => doneEntries > 1,
        made: (into) => readdirSync(into).length,
        all: entries.length,
      });
      expect(error?.code).toBe("cancelled");
      expect(made).toBeLessThan(entries.length);
    });

    it("a cancel beforehand does nothing", async (place, trial) => {
      const archive = place.join("game.eti");
      await writeRar(5)(archive, [{ name: "a", content: "a" }]);
      const options = { signal: AbortSignal.abort() };
      const sink = createCollectingSink();
      const into = place.join("into");
      await mkdir(into);
      for (const promise of [
        trial.unpacker.list(archive, options),
        trial.unpacker.unpack({ archive, into, ...options }),
        trial.unpacker.stream({ archive, sink, ...options }),
      ]) {
        expect((await settle<unknown>(promise))[1]?.code).toBe("cancelled");
      }
      expect(await readdir(into)).toEqual([]);
      expect(sink.calls).toEqual([]);
    });
  });
}
