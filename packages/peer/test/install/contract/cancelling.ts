import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { UnpackProgress } from "../../../src/install/index.ts";
import { createCollectingSink } from "./collecting-sink.ts";
import type { Contract } from "./subject.ts";
import { settle, writeRar } from "./trial.ts";

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
      const into = place.join("into");
      await mkdir(into);
      const stop = new AbortController();
      const [, error] = await settle(
        trial.unpacker.unpack({
          archive,
          into,
          signal: stop.signal,
          onProgress: ({ doneBytes }) => {
            if (doneBytes > 0) stop.abort();
          },
        }),
      );
      expect([error?.code, error?.message]).toEqual(["cancelled", expect.stringContaining(archive)]);
      const { size } = await stat(join(into, "huge.bin"));
      expect(size).toBeLessThan(zeros);
    });

    it("a cancel ends the unpacking between entries", async (place, trial) => {
      const archive = place.join("game.eti");
      const entries = Array.from({ length: 400 }, (_, index) => ({
        name: `f${index}`,
        content: { zeros: 2_000_000 },
      }));
      await writeRar(5)(archive, entries);
      const into = place.join("into");
      await mkdir(into);
      const stop = new AbortController();
      const [, error] = await settle(
        trial.unpacker.unpack({
          archive,
          into,
          signal: stop.signal,
          onProgress: ({ doneEntries }) => {
            if (doneEntries > 1) stop.abort();
          },
        }),
      );
      expect(error?.code).toBe("cancelled");
      expect((await readdir(into)).length).toBeLessThan(entries.length);
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
