import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import {
  compressRar5,
  type Rar5Entry,
  type Rar5File,
  seededBytes,
  smallDisk,
  smallDiskUnavailable,
  type WriteRar5Options,
  writeEncryptedRar,
} from "@lanspread/testkit";
import { describe, expect } from "vitest";
import type { PeerErrorCode } from "../../../src/errors/index.ts";
import { tree } from "../support.ts";
import { createCollectingSink } from "./collecting-sink.ts";
import type { Contract } from "./subject.ts";
import { MTIME, settle, VERSIONS, writeRar } from "./trial.ts";

const FIRST: Rar5Entry = { name: "first", content: "first", mtime: MTIME };
const CONTENT = seededBytes(2, 5_000);

interface BadArchive {
  readonly title: string;
  readonly entry: Rar5Entry;
  readonly options?: WriteRar5Options;
  readonly code: PeerErrorCode;
  /** Whether the error can name the entry. */
  readonly named: boolean;
}

const BAD: readonly BadArchive[] = [
  {
    title: "whose checksum is wrong",
    entry: { name: "bad", content: CONTENT, damage: "crc" },
    code: "archive-damaged",
    named: true,
  },
  {
    title: "with a wrong byte in its content",
    entry: { name: "bad", content: CONTENT, damage: "data" },
    code: "archive-damaged",
    named: true,
  },
  {
    title: "with a damaged header",
    entry: { name: "bad", content: CONTENT, damage: "header" },
    code: "archive-damaged",
    named: false,
  },
  {
    title: "with an encrypted entry",
    entry: { name: "bad", content: CONTENT, password: "open sesame" },
    code: "archive-password",
    named: true,
  },
  {
    title: "that is cut off in an entry",
    entry: { name: "bad", content: CONTENT },
    options: { truncateBytes: 100 },
    code: "archive-truncated",
    named: true,
  },
  {
    title: "that is cut off behind an entry",
    entry: { name: "bad", content: CONTENT },
    options: { truncateBytes: 0 },
    code: "archive-truncated",
    named: false,
  },
];

export function damage({ it }: Contract): void {
  describe.each(VERSIONS)("a bad archive of RAR %i", (version) => {
    for (const { title, entry, options, code, named } of BAD) {
      it(`RAR ${version}: an archive ${title}`, async (_, trial) => {
        const { archive, error, streamed } = await trial.runEntries(version, [FIRST, entry], options);
        expect([error?.code, error?.message]).toEqual([code, expect.stringContaining(archive)]);
        if (named) expect(error?.message).toContain('"bad"');
        expect(streamed.files.map(({ path }) => path)).not.toContain("bad");
      });
    }

    it(`RAR ${version}: an archive whose headers are encrypted`, async (place, trial) => {
      const path = place.join("game.eti");
      await writeEncryptedRar(path, version);
      const { archive, error } = await trial.run(path);
      expect([error?.code, error?.message]).toEqual(["archive-password", expect.stringContaining(archive)]);
      expect((await settle(trial.unpacker.list(archive)))[1]?.code).toBe("archive-password");
    });

    it(`RAR ${version}: an archive never passes for a good one, wherever a byte is wrong`, async (place, trial) => {
      const archive = place.join("good.eti");
      await writeRar(version)(archive, [
        { name: "a.txt", content: "the first", mtime: MTIME },
        { name: "b.txt", content: "the second" },
      ]);
      const whole = await readFile(archive);
      const good = await trial.run(archive);
      const goodTree = await tree(good.into);
      const goodDigests = good.streamed.files.map(({ sha256 }) => sha256);
      const wrong = async (position: number): Promise<void> => {
        const bytes = Buffer.from(whole);
        bytes.writeUInt8(bytes.readUInt8(position) ^ 0x41, position);
        const path = place.join(`wrong-${position}.eti`);
        await writeFile(path, bytes);
        if (position % 4 === 0) {
          const into = place.join(`into-${position}`);
          await mkdir(into);
          const [, error] = await settle(trial.unpacker.unpack({ archive: path, into }));
          if (error === undefined) expect(await tree(into), `byte ${position}`).toEqual(goodTree);
          else expect(error.code, `byte ${position}: ${error.message}`).toMatch(/^archive-/u);
        } else {
          const sink = createCollectingSink();
          const [, error] = await settle(trial.unpacker.stream({ archive: path, sink }));
          const digests = sink.files.map(({ sha256 }) => sha256);
          if (error === undefined) expect(digests, `byte ${position}, streamed`).toEqual(goodDigests);
          else expect(error.code, `byte ${position}, streamed: ${error.message}`).toMatch(/^archive-/u);
        }
      };
      // Every other byte, unpacked and streamed in turns: each takes a thread or a program of its own.
      const positions = [...whole.keys()].filter((position) => position % 2 === 0);
      while (positions.length > 0) await Promise.all(positions.splice(0, 4).map(wrong));
    });
  });

  describe("an archive that lies about sizes", () => {
    const LIES: readonly [what: string, falseSize: number][] = [
      ["a byte more", CONTENT.length + 1],
      ["a byte less", CONTENT.length - 1],
      ["nothing", 0],
      ["4 GiB", 4 * 1024 ** 3],
      ["a thousand TB", 1e15],
      ["more than can be counted", 2 ** 60],
    ];
    for (const version of VERSIONS) {
      for (const [what, falseSize] of LIES) {
        it(`RAR ${version}: an entry of 5,000 bytes that claims to have ${what} never counts as complete`, async (_, trial) => {
          const { archive, error, streamed } = await trial.runEntries(version, [
            FIRST,
            { name: "bad", content: CONTENT, falseSize },
          ]);
          expect(["archive-damaged", "archive-truncated", "archive-unsupported"]).toContain(error?.code);
          expect(error?.message).toContain(archive);
          expect(streamed.files.map(({ path }) => path)).not.toContain("bad");
        });
      }
    }
  });

  it("damage in a compressed entry is noticed, or has changed nothing", async (place, trial) => {
    const content = compressRar5(Buffer.from("Humpty Dumpty sat on a wall. ".repeat(2_000)));
    const archive = place.join("game.eti");
    await writeRar(5)(archive, [FIRST, { name: "bad", content }]);
    const whole = await readFile(archive);
    // The data of the last entry lies in front of the last block.
    const end = whole.length - 8;
    let noticed = 0;
    for (let position = end - 1; position >= end - content.packed.length; position -= 7) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(position) ^ 0x04, position);
      const path = place.join("wrong.eti");
      await writeFile(path, bytes);
      const sink = createCollectingSink();
      const [, error] = await settle(trial.unpacker.stream({ archive: path, sink }));
      if (error === undefined) {
        // A bit that the decoder does not look at.
        expect(sink.files[1]?.crc32, `byte ${position}`).toBe(content.crc);
      } else {
        noticed += 1;
        expect(error.code, `byte ${position}`).toBe("archive-damaged");
        expect(error.message).toContain('"bad"');
        expect(sink.files.map((file) => file.path)).toEqual(["first"]);
      }
    }
    expect(noticed).toBeGreaterThan(0);
  });

  const COMPRESSED: readonly [
    title: string,
    falseCompression: NonNullable<Rar5File["falseCompression"]>,
    codes: readonly PeerErrorCode[],
  ][] = [
    ["by RAR 5, which is noise", { version: 0, method: 3, dictionary: 5 }, ["archive-damaged"]],
    [
      "with a dictionary of 4 GiB",
      { version: 0, method: 3, dictionary: 15 },
      ["archive-unsupported", "archive-damaged"],
    ],
    [
      "by an algorithm of the future",
      { version: 5, method: 3, dictionary: 5 },
      ["archive-unsupported", "archive-damaged"],
    ],
    [
      "by a method that does not exist",
      { version: 0, method: 7, dictionary: 5 },
      ["archive-unsupported", "archive-damaged"],
    ],
  ];
  for (const [title, falseCompression, codes] of COMPRESSED) {
    it(`an archive with an entry compressed ${title}`, async (_, trial) => {
      const { archive, error, streamed } = await trial.runEntries(5, [
        FIRST,
        { name: "bad", content: seededBytes(3, 200_000), falseCompression },
      ]);
      expect(codes).toContain(error?.code);
      expect(error?.message).toContain(archive);
      expect(error?.message).toContain('"bad"');
      expect(streamed.files.map(({ path }) => path)).not.toContain("bad");
    });
  }

  const OTHERS: readonly [title: string, content: string, codes: readonly PeerErrorCode[]][] = [
    ["is something else", "certainly no archive", ["archive-unsupported"]],
    ["is empty", "", ["archive-truncated", "archive-unsupported"]],
    ["ends in its first bytes", "Rar!", ["archive-truncated", "archive-unsupported"]],
  ];
  for (const [title, content, codes] of OTHERS) {
    it(`an archive that ${title}`, async (place, trial) => {
      await writeFile(place.join("game.eti"), content);
      expect(codes).toContain((await trial.run(place.join("game.eti"))).error?.code);
    });
  }

  it("an archive that is not there, a directory or a link", async (place, trial) => {
    expect((await trial.run(place.join("absent.eti"))).error?.code).toBe("no-such-file");
    await mkdir(place.join("directory.eti"));
    expect((await trial.run(place.join("directory.eti"))).error?.code).toBe("archive-unsupported");
    await writeRar(5)(place.join("real.rar"), [{ name: "a", content: "a" }]);
    await symlink("real.rar", place.join("link.eti"));
    expect((await trial.run(place.join("link.eti"))).error?.code).toBe("archive-unsupported");
  });

  it(
    "a full disk is told",
    async (place, trial) => {
      await using disk = await smallDisk(1024 * 1024);
      const archive = place.join("game.eti");
      await writeRar(5)(archive, [FIRST, { name: "data/large.bin", content: seededBytes(1, 2_000_000) }]);
      const [, error] = await settle(trial.unpacker.unpack({ archive, into: disk.path }));
      expect([error?.code, error?.message]).toEqual(["disk-full", expect.stringContaining(disk.path)]);
    },
    smallDiskUnavailable(),
  );
}
