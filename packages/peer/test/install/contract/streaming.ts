import { open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { seededBytes, type TemporaryDirectory } from "@lanspread/testkit";
import { describe, expect } from "vitest";
import type { EntrySink } from "../../../src/install/index.ts";
import { createCollectingSink } from "./collecting-sink.ts";
import { untilIdle } from "./idle.ts";
import type { Contract } from "./subject.ts";
import { MTIME, settle, writeRar } from "./trial.ts";

const MIB = 1024 ** 2;

/** An archive in which every method of a sink is called. */
async function writeMixed(place: TemporaryDirectory): Promise<string> {
  const archive = place.join("game.eti");
  await writeRar(5)(archive, [
    { type: "directory", name: "d", mtime: MTIME },
    { name: "d/nothing", content: "", mtime: MTIME },
    { name: "large.bin", content: seededBytes(1, 20 * MIB), mtime: MTIME },
    { name: "behind", content: "behind", mtime: MTIME },
  ]);
  return archive;
}

/** A sink that does something else in one method, the `nth` time. */
function sinkThat(method: keyof EntrySink, nth: number, act: () => Promise<void>) {
  const sink = createCollectingSink();
  let times = 0;
  const called: string[] = [];
  const wrap =
    <T>(name: keyof EntrySink, real: (value: T) => Promise<void>) =>
    async (value: T): Promise<void> => {
      called.push(name);
      await real(value);
      if (name !== method) return;
      times += 1;
      if (times === nth) await act();
    };
  const wrapped: EntrySink = {
    directory: wrap("directory", sink.directory),
    fileBegin: wrap("fileBegin", sink.fileBegin),
    bytes: wrap("bytes", sink.bytes),
    fileEnd: wrap("fileEnd", sink.fileEnd),
  };
  return { sink: wrapped, called };
}

export function streaming({ it }: Contract): void {
  describe("a stream", () => {
    const METHODS: readonly (keyof EntrySink)[] = ["directory", "fileBegin", "bytes", "fileEnd"];
    for (const method of METHODS) {
      it(`a stream ends with what ${method}() of its sink rejects with, and the sink is called no more`, async (place, trial) => {
        const archive = await writeMixed(place);
        const fault = new Error("the sink has had enough");
        const { sink, called } = sinkThat(method, 1, () => Promise.reject(fault));
        const [, error] = await settle(trial.unpacker.stream({ archive, sink }));
        expect(error).toBe(fault);
        expect(called.at(-1)).toBe(method);
        expect(called.filter((name) => name === method)).toHaveLength(1);
      });

      it(`a stream can be cancelled while ${method}() of its sink never comes back`, async (place, trial) => {
        const archive = await writeMixed(place);
        const stop = new AbortController();
        const { sink, called } = sinkThat(method, 1, async () => {
          stop.abort();
          await new Promise(() => {});
        });
        const [, error] = await settle(trial.unpacker.stream({ archive, sink, signal: stop.signal }));
        expect([error?.code, error?.message]).toEqual(["cancelled", expect.stringContaining(archive)]);
        expect(called.at(-1)).toBe(method);
      });
    }

    it("a stream that is cancelled in the middle of a file calls its sink no more", async (place, trial) => {
      const archive = await writeMixed(place);
      const stop = new AbortController();
      const { sink, called } = sinkThat("bytes", 3, async () => stop.abort());
      const [, error] = await settle(trial.unpacker.stream({ archive, sink, signal: stop.signal }));
      expect(error?.code).toBe("cancelled");
      expect(called.filter((name) => name === "bytes")).toHaveLength(3);
      expect(called.at(-1)).toBe("bytes");
    });

    it("a stream that is cancelled among many small files calls its sink no more", async (place, trial) => {
      const archive = place.join("game.eti");
      await writeRar(5)(
        archive,
        Array.from({ length: 300 }, (_, index) => ({ name: `f${index}`, content: "small" })),
      );
      for (const method of ["fileBegin", "bytes", "fileEnd"] as const) {
        const stop = new AbortController();
        const { sink, called } = sinkThat(method, 2, async () => stop.abort());
        const [, error] = await settle(trial.unpacker.stream({ archive, sink, signal: stop.signal }));
        expect(error?.code).toBe("cancelled");
        expect(called.filter((name) => name === method)).toHaveLength(2);
        expect(called.at(-1)).toBe(method);
      }
    });

    it("a stream is cancelled while its sink waits, with everything unpacked that may be ahead", async (place, trial) => {
      const archive = await writeMixed(place);
      const stop = new AbortController();
      const { sink, called } = sinkThat("bytes", 1, async () => {
        await untilIdle();
        setImmediate(() => stop.abort());
        await new Promise(() => {});
      });
      const [, error] = await settle(trial.unpacker.stream({ archive, sink, signal: stop.signal }));
      expect(error?.code).toBe("cancelled");
      expect(called.at(-1)).toBe("bytes");
      expect(called.filter((name) => name === "bytes")).toHaveLength(1);
    });

    it("a sink that waits stops the unpacking: what is far ahead is not read yet", async (place, trial) => {
      const archive = place.join("game.eti");
      await writeRar(5)(archive, [{ name: "large.bin", content: { zeros: 256 * MIB } }]);
      const { sink } = sinkThat("bytes", 1, async () => {
        await untilIdle();
        await spoil(archive, 200 * MIB);
      });
      const [, error] = await settle(trial.unpacker.stream({ archive, sink }));
      expect([error?.code, error?.message]).toEqual([
        "archive-damaged",
        expect.stringContaining('"large.bin"'),
      ]);
    });

    it("a slow sink gets every byte", async (place, trial) => {
      const archive = place.join("game.eti");
      const content = seededBytes(8, 12 * MIB + 17);
      const written = await writeRar(5)(archive, [{ name: "large.bin", content, mtime: MTIME }]);
      const collected = createCollectingSink();
      const slow: EntrySink = {
        ...collected,
        bytes: async (chunk) => {
          await collected.bytes(chunk);
          await pause(5);
        },
      };
      expect(await trial.unpacker.stream({ archive, sink: slow })).toEqual({
        files: 1,
        bytes: content.length,
      });
      expect(collected.files[0]?.crc32).toBe(written.crcs.get("large.bin"));
    });

    it("a file that turns out to be damaged has no end, the ones before it have", async (place, trial) => {
      const archive = place.join("game.eti");
      await writeRar(5)(archive, [
        { name: "good", content: seededBytes(1, 3 * MIB) },
        { name: "bad", content: seededBytes(2, 3 * MIB), damage: "data" },
        { name: "never", content: "never" },
      ]);
      const sink = createCollectingSink();
      const [, error] = await settle(trial.unpacker.stream({ archive, sink }));
      expect(error?.code).toBe("archive-damaged");
      expect(sink.files.map(({ path }) => path)).toEqual(["good"]);
      expect(["bad", undefined]).toContain(sink.unfinished);
    });

    it("two streams and an unpacking at the same time do not disturb each other", async (place, trial) => {
      const archive = await writeMixed(place);
      const alone = createCollectingSink();
      await trial.unpacker.stream({ archive, sink: alone });
      const sinks = [createCollectingSink(), createCollectingSink()];
      await Promise.all([
        ...sinks.map((sink) => trial.unpacker.stream({ archive, sink })),
        trial.run(archive),
      ]);
      for (const { files, directories } of sinks) {
        expect([files, directories]).toEqual([alone.files, alone.directories]);
      }
    });
  });
}

/** Changes one byte of a file that has a zero there. */
async function spoil(path: string, position: number): Promise<void> {
  await using file = await open(path, "r+");
  await file.write(Uint8Array.of(1), 0, 1, position);
}
