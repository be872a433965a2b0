import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { seededBytes, temporaryDirectory, writeRar4, writeRar5 } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createExternalUnpacker } from "../../../src/install/external/external-unpacker.ts";
import { fakeUnavailable, fakeUnrar } from "./fake-program.ts";
import { findRealProgram } from "./real-programs.ts";

/** Names of archives that a program may take for something else, each beside one that it would then take as well. */
const NAMES: readonly [name: string, neighbour: string][] = [
  ["game*.eti", "game2.eti"],
  ["g?me.eti", "game.eti"],
  ["[ab].eti", "a.eti"],
  ["-inul.eti", "nul.eti"],
  ["@list.eti", "list.eti"],
  ["übergröße 日本 🎮.eti", "other.eti"],
  ["it's; `touch x` $HOME.eti", "it.eti"],
];

describe.each(["unrar", "7-zip"] as const)("the name of an archive, with %s", async (kind) => {
  const { program, unavailable } = await findRealProgram(kind);
  const reason = unavailable === undefined ? "" : ` (skipped: ${unavailable})`;
  it.skipIf(program === undefined).each(NAMES)(
    `is no pattern, no option and no list: %j${reason}`,
    async (name, neighbour) => {
      await using place = await temporaryDirectory();
      const games = place.join("games [1] *");
      const into = place.join("into");
      await mkdir(games);
      await mkdir(into);
      await writeRar5(join(games, name), [{ name: "a", content: "the right one" }]);
      await writeRar5(join(games, neighbour), [{ name: "a", content: "another one" }]);
      const unpacker = await createExternalUnpacker(program?.path ?? "");
      await unpacker.unpack({ archive: join(games, name), into });
      expect(await readFile(join(into, "a"), "utf8")).toBe("the right one");
    },
  );
});

describe.skipIf(fakeUnavailable !== undefined)("what a program is told", () => {
  async function toldPath(archiveName: string, volumes: number): Promise<{ told: string; archive: string }> {
    await using place = await temporaryDirectory();
    const content = seededBytes(1, 60_000 + (volumes - 1) * 90_000);
    const archive = place.join(archiveName);
    const target = {
      bytes: 100_000,
      path: (index: number) => (index === 0 ? archive : place.join(`game.r0${index - 1}`)),
    };
    await writeRar4(target, [{ name: "a", content }]);
    await writeFile(place.join("content"), content);
    await mkdir(place.join("into"));
    const path = await fakeUnrar(
      place,
      `for last; do :; done; printf %s "$last" > '${place.join("told")}'`,
      `exec cat '${place.join("content")}'`,
    );
    const unpacker = await createExternalUnpacker(path);
    await unpacker.unpack({ archive, into: place.join("into") });
    return { told: await readFile(place.join("told"), "utf8"), archive };
  }

  it("is the archive itself where its name is plain", async () => {
    const { told, archive } = await toldPath("game.eti", 1);
    expect(told).toBe(archive);
  });

  it.each([
    ["a pattern", "game*.eti", 1],
    ["the first of several volumes", "game.eti", 3],
  ])("is a link that is gone afterwards where its name is %s", async (_, name, volumes) => {
    const { told, archive } = await toldPath(name, volumes);
    expect(told).not.toBe(archive);
    expect(told).toMatch(/lanspread-volumes-.*[/]archive\.part00001\.rar$/u);
    expect(existsSync(dirname(told))).toBe(false);
  });
});
