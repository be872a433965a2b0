import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createExternalUnpacker } from "@lanspread/peer";
import { seededBytes } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "./support/cli.ts";
import { makeGame } from "./support/games.ts";
import { makePlace, type PeerPlace, type Place } from "./support/place.ts";
import { startTestHarness } from "./support/test-harness.ts";

const CONTENT = seededBytes(1, 100_000);

let place: Place;
let peer: PeerPlace;

beforeEach(async () => {
  place = await makePlace();
  peer = await place.peer("alone");
});

afterEach(() => place[Symbol.asyncDispose]());

/** A program that says it is an UnRAR, writes down how it is called, and gives the bytes of a file for every archive. */
async function makeProgram(
  content: Uint8Array,
): Promise<{ readonly path: string; calls(): Promise<string[]> }> {
  const [path, log, bytes] = ["program", "calls", "content"].map((name) => join(place.root, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(bytes, content);
  const banner = "UNRAR 6.21 freeware      Copyright (c) 1993-2023 Alexander Roshal";
  const script = `#!/bin/sh\nif [ $# = 0 ]; then echo '${banner}'; exit; fi\necho "$@" >> '${log}'\nexec cat '${bytes}'\n`;
  await writeFile(path, script, { mode: 0o755 });
  return { path, calls: async () => (await readFile(log, "utf8")).trim().split("\n") };
}

/** The first program of the PATH that unpacks RAR. */
async function findProgram(): Promise<string | undefined> {
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    for (const name of ["unrar-nonfree", "unrar", "7z", "7zz"]) {
      const path = join(directory, name);
      if (!existsSync(path)) continue;
      const found = await createExternalUnpacker(path).catch(() => undefined);
      if (found !== undefined) return path;
    }
  }
  return undefined;
}

const program = await findProgram();

describe.skipIf(process.platform === "win32")("--unrar", () => {
  it("names what unpacks an install, and `install` says it", async () => {
    const { path, calls } = await makeProgram(CONTENT);
    const root = await makeGame(peer.games, "quake3", {
      entries: [{ name: "data/a.pak", content: CONTENT }],
    });
    const { code, stderr } = await runCli(["install", "quake3", ...peer.args, "--unrar", path]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`archives are unpacked by UNRAR 6.21 (${path})`);
    expect((await readFile(join(root, "local/data/a.pak"))).equals(CONTENT)).toBe(true);
    expect(await calls()).toEqual([expect.stringMatching(/^p .* -- .*quake3\.eti$/)]);
  });

  it("believes the program nothing: other bytes than the archive's are no install", async () => {
    const { path } = await makeProgram(seededBytes(2, CONTENT.length));
    const root = await makeGame(peer.games, "quake3", {
      entries: [{ name: "data/a.pak", content: CONTENT }],
    });
    const { code, stderr } = await runCli(["install", "quake3", ...peer.args, "--unrar", path]);
    expect(code).toBe(1);
    expect(stderr).toContain("(archive-damaged)");
    expect(stderr).toContain('"data/a.pak": the checksum is wrong');
    expect((await readdir(root)).sort()).toEqual(["quake3.eti", "version.ini"]);
  });

  it.each([["serve"], ["harness"], ["get", "quake3"], ["install", "quake3"]])(
    "ends `%s` at the start where nobody could unpack with it",
    async (...command) => {
      const wrong = join(place.root, "missing");
      const missing = await runCli([...command, ...peer.args, "--unrar", wrong]);
      expect(missing).toMatchObject({ code: 1, stdout: "" });
      expect(missing.stderr).toContain(
        `error: ${wrong} cannot be started: there is no such program (unpacker-unusable)`,
      );
      expect(missing.stderr).toMatch(/\n {2}\S.*built-in UnRAR/);
      const other = await runCli([...command, ...peer.args, "--unrar", "/bin/cat"]);
      expect(other).toMatchObject({ code: 1, stdout: "" });
      expect(other.stderr).toContain(
        "error: /bin/cat cannot unpack the games: it is no unpacker that is known here",
      );
      expect(existsSync(peer.state)).toBe(false);
    },
  );

  it("is no option of commands that unpack nothing", async () => {
    const { code, stderr } = await runCli(["peers", "--unrar", "/usr/bin/unrar"]);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown option '--unrar'");
  });
});

describe.skipIf(program === undefined)(
  `a harness with ${program ?? "a real program (skipped: neither unrar nor 7z with RAR on the PATH)"}`,
  () => {
    it("installs with it", async () => {
      const root = await makeGame(peer.games, "quake3", {
        entries: [
          { name: "data/a.pak", content: CONTENT },
          { name: "empty.cfg", content: "" },
        ],
      });
      const harness = startTestHarness([...peer.args, "--unrar", program ?? ""]);
      try {
        await harness.event("local-peer-ready");
        await harness.event("local-library-changed");
        expect(await harness.ask({ cmd: "install", game_id: "quake3" })).toMatchObject({ type: "result" });
        expect((await harness.event("install-finished")).data).toMatchObject({
          files: 2,
          bytes: CONTENT.length,
        });
        expect(harness.stderr()).toContain(`(${program})`);
        expect((await readFile(join(root, "local/data/a.pak"))).equals(CONTENT)).toBe(true);
        expect((await readdir(join(root, "local"))).sort()).toEqual(["data", "empty.cfg"]);
      } finally {
        await harness.close();
      }
    });
  },
);
