import { appendFile, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { compressRar5, type Rar5Entry, seededBytes, writeRar5 } from "@lanspread/testkit";
import { describe, expect } from "vitest";
import { SOLID_FILES, solidEntries } from "../solid-files.ts";
import { tree } from "../support.ts";
import { timesRead, timesReadUnavailable } from "./bytes-read.ts";
import type { Contract } from "./subject.ts";
import { MTIME, VERSIONS, writeRar } from "./trial.ts";

const GIB = 1024 ** 3;

export function goodArchives({ it }: Contract): void {
  describe.each(VERSIONS)("a good archive of RAR %i", (version) => {
    const named = (title: string): string => `RAR ${version}: ${title}`;

    it(
      named("is listed and unpacked in its order: names, bytes, checksums, times, directories"),
      async (_, trial) => {
        const big = seededBytes(1, 3_000_001);
        const { archive, into, files, streamed } = await trial.runEntries(version, [
          { type: "directory", name: "empty", mtime: MTIME },
          { name: "data/übergrößen 日本 🎮.bin", content: big, mtime: MTIME },
          { name: "data/Ünter/nothing", content: "", mtime: MTIME },
          { name: "a/first in the alphabet", content: "a" },
        ]);
        expect(await trial.unpacker.list(archive)).toEqual({
          solid: false,
          unpackedBytes: 3_000_002,
          volumes: [archive],
          entries: [
            { path: "empty", type: "directory", size: 0, mtime: MTIME.getTime() },
            { path: "data/übergrößen 日本 🎮.bin", type: "file", size: big.length, mtime: MTIME.getTime() },
            { path: "data/Ünter/nothing", type: "file", size: 0, mtime: MTIME.getTime() },
            { path: "a/first in the alphabet", type: "file", size: 1, mtime: null },
          ],
        });
        const expected = [
          {
            path: "data/übergrößen 日本 🎮.bin",
            size: big.length,
            crc32: crc32(big),
            mtime: MTIME.getTime(),
          },
          { path: "data/Ünter/nothing", size: 0, crc32: 0, mtime: MTIME.getTime() },
        ];
        expect(files?.slice(0, 2)).toEqual(expected);
        expect(streamed.files.slice(0, 2)).toMatchObject(expected);
        expect(streamed.directories).toEqual(["empty"]);
        expect((await readFile(join(into, "data/übergrößen 日本 🎮.bin"))).equals(big)).toBe(true);
      },
    );

    it(named("that was made on Windows"), async (_, trial) => {
      const { into } = await trial.runEntries(version, [
        { type: "directory", name: "data", attributes: 0x10, mtime: MTIME },
        { name: "data/game.exe", content: "MZ", attributes: 0x21, mtime: MTIME },
      ]);
      expect(await readFile(join(into, "data/game.exe"), "utf8")).toBe("MZ");
    });

    it(named("that is solid"), async (_, trial) => {
      const content = (index: number): Uint8Array => seededBytes(index, 300_000);
      const { archive, files } = await trial.runEntries(
        version,
        [0, 1, 2].map((index) => ({ name: `f${index}`, content: content(index), mtime: MTIME })),
        { solid: true },
      );
      expect((await trial.unpacker.list(archive)).solid).toBe(true);
      expect(files?.map((file) => file.crc32)).toEqual([0, 1, 2].map((index) => crc32(content(index))));
    });

    it(named("is found whole behind 4 GiB"), async (_, trial) => {
      const { into, archive } = await trial.runEntries(version, [
        { name: "before", content: "before", mtime: MTIME },
        { type: "padding", bytes: 4 * GIB + 12_345 },
        { name: "behind", content: "behind", mtime: MTIME },
      ]);
      expect((await stat(archive)).size).toBeGreaterThan(4 * GIB);
      expect(await readFile(join(into, "behind"), "utf8")).toBe("behind");
    });

    it(named("with an entry over 4 GiB is listed to its end"), async (place, trial) => {
      const archive = place.join("game.eti");
      await writeRar(version)(archive, [
        { name: "huge.bin", content: { zeros: 4 * GIB + 5 } },
        { name: "behind.txt", content: "found", mtime: MTIME },
      ]);
      const { entries, unpackedBytes } = await trial.unpacker.list(archive);
      expect(unpackedBytes).toBe(4 * GIB + 10);
      expect(entries.map(({ path, size }) => [path, size])).toEqual([
        ["huge.bin", 4 * GIB + 5],
        ["behind.txt", 5],
      ]);
    });

    it(named("with something behind its end"), async (place, trial) => {
      const archive = place.join("game.eti");
      await writeRar(version)(archive, [{ name: "good", content: "good", mtime: MTIME }]);
      await appendFile(archive, seededBytes(3, 100_000));
      const { into } = await trial.run(archive);
      expect(await readFile(join(into, "good"), "utf8")).toBe("good");
    });

    if (version === 5) {
      it(
        named("of Windows keeps times before 1970, and takes those that no disk keeps"),
        async (_, trial) => {
          const old = new Date("1955-11-05T06:15:00.500Z");
          const never = ["1601-01-01T00:00:00Z", "9999-12-31T23:59:59Z"].map((time) => new Date(time));
          const { into, files } = await trial.runEntries(version, [
            { name: "old", content: "old", mtime: old },
            ...never.map((mtime, index) => ({ name: `never${index}`, content: "never", mtime })),
          ]);
          expect((await stat(join(into, "old"))).mtime).toEqual(old);
          expect(files?.map(({ path }) => path)).toEqual(["old", "never0", "never1"]);
          expect((await stat(join(into, "never0"))).mtime.getUTCFullYear()).toBe(1901);
          expect((await stat(join(into, "never1"))).mtime.getUTCFullYear()).toBe(2106);
        },
      );
    }

    it(named("of directories only"), async (_, trial) => {
      const { into, streamed } = await trial.runEntries(version, [
        { type: "directory", name: "a", mtime: MTIME },
        { type: "directory", name: "a/b", mtime: MTIME },
      ]);
      expect(await tree(into)).toEqual({ "a/": "directory", "a/b/": "directory" });
      expect(streamed.directories).toEqual(["a", "a/b"]);
    });

    it(named("of empty files only"), async (_, trial) => {
      const { files, streamed } = await trial.runEntries(
        version,
        ["a", "b", "c/d"].map((name) => ({ name, content: "", mtime: MTIME })),
      );
      expect(files?.map((file) => file.crc32)).toEqual([0, 0, 0]);
      expect(streamed.calls).toEqual([
        "fileBegin",
        "fileEnd",
        "fileBegin",
        "fileEnd",
        "fileBegin",
        "fileEnd",
      ]);
    });

    it(named("whose names could be taken for masks, options, lists or commands"), async (_, trial) => {
      const names = [
        "-x",
        "--",
        "-pall/-y",
        "@list",
        "[abc]",
        "a",
        "{a,b}",
        "$HOME",
        "`id`",
        "%TEMP%",
        "~",
        "!a",
        "'quoted'",
        "a b;c&d",
        "#",
      ];
      const { into } = await trial.runEntries(
        version,
        names.map((name) => ({ name, content: `content of ${name}`, mtime: MTIME })),
      );
      for (const name of names) {
        expect(await readFile(join(into, name), "utf8"), name).toBe(`content of ${name}`);
      }
    });

    it(named("with long names"), async (_, trial) => {
      const component = "0123456789".repeat(20);
      const name = Array(4).fill(component).join("/");
      const { into } = await trial.runEntries(version, [{ name, content: "deep", mtime: MTIME }]);
      expect(await readFile(join(into, name), "utf8")).toBe("deep");
    });

    it(named("with 1,000 small files"), async (_, trial) => {
      const entries = Array.from({ length: 1_000 }, (_, index): Rar5Entry => {
        const name = `${index % 10}/${index}`;
        return index % 7 === 0
          ? { type: "directory", name: `d${index}`, mtime: MTIME }
          : { name, content: String(index).repeat(index % 5), mtime: MTIME };
      });
      const { streamed } = await trial.runEntries(version, entries);
      const paths = [...entries].filter(({ type }) => type !== "directory").map(({ name }) => name);
      expect(streamed.files.map(({ path }) => path)).toEqual(paths);
    });
  });

  it("a compressed archive is unpacked, stored files and empty ones among the others", async (_, trial) => {
    const text = Buffer.from("All the king's horses and all the king's men. ".repeat(60_000));
    const noise = seededBytes(3, 700_000);
    const { files } = await trial.runEntries(5, [
      { name: "text", content: compressRar5(text), mtime: MTIME },
      { name: "stored", content: noise, mtime: MTIME },
      { name: "noise", content: compressRar5(noise), mtime: MTIME },
      { name: "nothing", content: compressRar5(new Uint8Array()), mtime: MTIME },
      { name: "zeros", content: compressRar5(new Uint8Array(10_000_000)), mtime: MTIME },
    ]);
    expect(files?.map(({ crc32: crc }) => crc)).toEqual(
      [text, noise, noise, new Uint8Array(), new Uint8Array(10_000_000)].map((bytes) => crc32(bytes)),
    );
  });

  it("an executable file stays one, others do not become one", async (_, trial) => {
    const { into } = await trial.runEntries(5, [
      { name: "run.sh", content: "#!/bin/sh\n", mode: 0o100755, mtime: MTIME },
      { name: "readme", content: "read me", mode: 0o100644, mtime: MTIME },
    ]);
    expect((await stat(join(into, "run.sh"))).mode & 0o100).not.toBe(0);
    expect((await stat(join(into, "readme"))).mode & 0o111).toBe(0);
  });

  it("a file that an earlier archive brought is replaced, and nothing is written through a link", async (place, trial) => {
    const archive = place.join("game.eti");
    await writeRar(5)(archive, [
      { name: "a", content: "new" },
      { name: "b", content: "new" },
    ]);
    const into = place.join("into");
    await mkdir(into);
    await writeFile(join(into, "a"), "the older and longer one");
    await writeFile(place.join("outside"), "outside");
    await symlink(place.join("outside"), join(into, "b"));
    await trial.unpacker.unpack({ archive, into });
    expect(await readFile(join(into, "a"), "utf8")).toBe("new");
    expect(await readFile(join(into, "b"), "utf8")).toBe("new");
    expect(await readFile(place.join("outside"), "utf8")).toBe("outside");
  });

  it("a solid archive, whose files are read with what those before them held", async (place, trial) => {
    await writeRar5(place.join("game.eti"), solidEntries(), { solid: true });
    const { archive, into, files } = await trial.run(place.join("game.eti"));
    expect((await trial.unpacker.list(archive)).solid).toBe(true);
    const expected = Object.entries(SOLID_FILES);
    expect(files?.map(({ path, crc32: crc }) => [path, crc])).toEqual(
      expected.map(([path, bytes]) => [path, crc32(bytes)]),
    );
    for (const [path, bytes] of expected) expect((await readFile(join(into, path))).equals(bytes)).toBe(true);
  });

  it(
    "a solid archive of 16 files is read once, not once per file",
    async (place, trial) => {
      const archive = place.join("game.eti");
      const content = seededBytes(5, 1024 * 1024);
      await writeRar(5)(
        archive,
        Array.from({ length: 16 }, (_, index) => ({ name: `f${index}`, content })),
        { solid: true },
      );
      // Unpacked, looked at and streamed, and what a program of its own says is read from a pipe again. Once per file
      // would be eight times for each.
      expect(await timesRead(archive, () => trial.run(archive))).toBeLessThan(8);
    },
    timesReadUnavailable(),
  );
}
