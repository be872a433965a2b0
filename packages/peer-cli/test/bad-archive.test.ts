import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Rar5Entry, seededBytes } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "./support/cli.ts";
import { type GameContent, makeGame } from "./support/games.ts";
import { makePlace, type PeerPlace, type Place } from "./support/place.ts";
import { digestsOf, treeOf } from "./support/tree.ts";

const GOOD: Rar5Entry = { name: "good.dat", content: seededBytes(1, 100_000) };
const content = seededBytes(2, 50_000);

let place: Place;
let peer: PeerPlace;

beforeEach(async () => {
  place = await makePlace();
  peer = await place.peer("alone");
});

afterEach(() => place[Symbol.asyncDispose]());

/** Installs a game whose archive has a fault; nothing but the message may come of it. */
async function expectRefusal(game: GameContent, code: string, ...texts: string[]): Promise<void> {
  const root = await makeGame(peer.games, "quake3", game);
  await mkdir(join(place.root, "elsewhere"));
  const [files, everything] = [await digestsOf(root), await treeOf(place.root)];
  for (const attempt of ["first", "second"]) {
    const { code: exit, stdout, stderr } = await runCli(["install", "quake3", ...peer.args]);
    expect(stderr, attempt).toContain(`(${code})`);
    for (const text of texts) expect(stderr, attempt).toContain(text);
    expect(stdout).toBe("");
    expect(exit).toBe(1);
    expect(await digestsOf(root)).toEqual(files);
    const made = (await treeOf(place.root)).filter((path) => !everything.includes(path));
    // The peer's own folder, and in it nothing that says an install is under way.
    expect(made.filter((path) => !path.startsWith("alone/state/"))).toEqual([]);
    expect(made.filter((path) => path.includes("install"))).toEqual([]);
  }
}

describe("an install of an archive", () => {
  it.each<[string, Rar5Entry]>([
    ["a wrong checksum", { name: "maps/bad.pak", content, damage: "crc" }],
    ["a wrong byte", { name: "maps/bad.pak", content, damage: "data" }],
  ])("with %s names archive and entry, and leaves the game as it was", (_, entry) =>
    expectRefusal({ entries: [GOOD, entry] }, "archive-damaged", "quake3.eti", "maps/bad.pak"),
  );

  it("with a spoilt header names the archive", () =>
    expectRefusal(
      { entries: [GOOD, { name: "b", content, damage: "header" }, GOOD] },
      "archive-damaged",
      "quake3.eti",
    ));

  it("that is cut off says so", () =>
    expectRefusal(
      { entries: [GOOD, { name: "b", content }], archive: { truncateBytes: 1000 } },
      "archive-truncated",
      "quake3.eti",
    ));

  it("that needs a password says so", () =>
    expectRefusal(
      { entries: [{ name: "b", content, password: "secret" }] },
      "archive-password",
      "quake3.eti",
    ));

  it("that is no archive at all says so", async () => {
    const root = await makeGame(peer.games, "doom", {});
    await writeFile(join(root, "doom.eti"), "no archive");
    const { code, stderr } = await runCli(["install", "doom", ...peer.args]);
    expect(stderr).toMatch(/doom\.eti.*\(archive-(damaged|unsupported)\)/);
    expect(code).toBe(1);
    expect(await readdir(root)).toEqual(["doom.eti", "version.ini"]);
  });

  it.each([
    ["../evil.txt"],
    ["data/../../../elsewhere/evil.txt"],
    ["/tmp/lanspread-evil.txt"],
    ["C:/evil.txt"],
    ["data\\..\\evil.txt"],
    ["NUL"],
    [".lanspread_owned"],
  ])("with the entry %s names the entry and unpacks nothing", (name) =>
    expectRefusal({ entries: [GOOD, { name, content: "evil" }] }, "archive-unsafe-path", "quake3.eti"),
  );

  it.each<[string, Rar5Entry]>([
    ["symbolic link", { type: "symlink", name: "link", target: "../../elsewhere" }],
    ["hard link", { type: "hardlink", name: "link", target: "good.dat" }],
    ["junction", { type: "junction", name: "link", target: "C:/" }],
  ])("with a %s unpacks nothing", (_, link) =>
    expectRefusal({ entries: [GOOD, link] }, "archive-unsupported", "quake3.eti", '"link" is a link'),
  );

  it("with a link and a file behind it writes nothing through the link", () =>
    expectRefusal(
      {
        entries: [
          { type: "symlink", name: "out", target: "../../../../elsewhere" },
          { name: "out/evil.txt", content: "evil" },
        ],
      },
      "archive-unsupported",
      '"out" is a link',
    ));
});

describe("an install that cannot be", () => {
  it.each([
    ["a game that is nowhere", "doom", "not-downloaded"],
    ["a game that is installed", "quake3", "already-installed"],
  ])("of %s is refused", async (_, id, error) => {
    const root = await makeGame(peer.games, "quake3", { entries: [GOOD] });
    await mkdir(join(root, "local"));
    await writeFile(join(root, "local/save.dat"), "mine");
    const before = await digestsOf(peer.games);
    const { code, stderr } = await runCli(["install", id, ...peer.args]);
    expect(stderr).toContain(`(${error})`);
    expect(code).toBe(1);
    expect(await digestsOf(peer.games)).toEqual(before);
  });
});
