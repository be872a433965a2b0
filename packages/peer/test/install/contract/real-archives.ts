import { existsSync, readdirSync } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { describe, expect } from "vitest";
import type { Contract } from "./subject.ts";

/** Archives that RAR itself made, and what is in them: beside the project, where somebody has put them. */
const REAL = fileURLToPath(new URL("../../../../../../shared/fixtures/rar", import.meta.url));
const names = existsSync(REAL) ? readdirSync(REAL).filter((name) => /\.(rar|cbr)$/u.test(name)) : [];

const NONE = "none on this machine";

export function realArchives({ it }: Contract): void {
  describe("an archive that RAR made", () => {
    if (names.length === 0) it("a real archive", async () => {}, NONE);
    for (const name of names) {
      it(`the real archive ${name}`, async (place, trial) => {
        await copyFile(join(REAL, name), place.join("game.eti"));
        const { archive, into, files, error } = await trial.run(place.join("game.eti"));
        expect(error).toBeUndefined();
        expect((await trial.unpacker.list(archive)).solid).toBe(name.includes("solid"));
        expect(files?.length).toBeGreaterThan(0);
        for (const { path, crc32: crc, mtime } of files ?? []) {
          const bytes = await readFile(join(into, path));
          expect(bytes.equals(await readFile(join(REAL, path)))).toBe(true);
          expect(crc32(bytes)).toBe(crc);
          expect(new Date(mtime).getUTCFullYear()).toBe(2001);
        }
      });
    }
  });

  describe("a real archive with a wrong byte in its compressed content", () => {
    if (names.length === 0) it("a real archive that is damaged", async () => {}, NONE);
    for (const name of names) {
      it(`damage in the real archive ${name} is noticed`, async (place, trial) => {
        const archive = place.join("game.eti");
        const bytes = await readFile(join(REAL, name));
        const middle = Math.floor(bytes.length / 2);
        bytes.writeUInt8(bytes.readUInt8(middle) ^ 0x10, middle);
        await writeFile(archive, bytes);
        const { error, files, into, streamed } = await trial.run(archive);
        if (error === undefined) {
          // The byte belongs to a recovery record or something else beside the files, or nobody would have what is right.
          expect(files?.length).toBeGreaterThan(0);
          for (const { path } of files ?? []) {
            expect((await readFile(join(into, path))).equals(await readFile(join(REAL, path))), path).toBe(
              true,
            );
          }
        } else {
          expect(["archive-damaged", "archive-truncated"]).toContain(error.code);
          expect(streamed.calls.at(-1)).not.toBe("fileEnd");
        }
      });
    }
  });
}
