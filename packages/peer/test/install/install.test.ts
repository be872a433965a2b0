import { chmod, readFile, rename, rm, stat, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type Rar5Entry, seededBytes, writeRar5 } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  type InstallProgress,
  type InstallStep,
  readInstalledList,
  type Unpacker,
  unpackedBytes,
} from "../../src/install/index.ts";
import { createGame, failure, GAME, install, MTIME, unpacker } from "./installing.ts";
import { createRig, GGOO, namesIn, tree, writeFiles } from "./support.ts";

describe("installing", () => {
  it.each([
    ["a file that is gone", "game.exe", undefined],
    ["a file that is shorter", "game.exe", "gam"],
    ["the mark of the staging", ".lanspread_owned", undefined],
  ])("does not promote what somebody took something away from: %s", async (_, name, left) => {
    await using rig = await createGame({ "a.eti": GAME });
    const path = join(rig.root, ".local.installing", name);
    const onStep = async (step: InstallStep, moment: string): Promise<void> => {
      if (step !== "write-list" || moment !== "after") return;
      await rm(path);
      if (left !== undefined) await writeFile(path, left);
    };
    expect(await failure(rig, () => install(rig, { onStep }))).toMatchObject({
      code: "no-such-file",
      message: expect.stringContaining(path),
    });
  });

  it("does not go on without an archive that is a link", async () => {
    await using rig = await createGame({ "a.eti": GAME });
    await rename(join(rig.root, "a.eti"), rig.place.join("elsewhere.eti"));
    await symlink(rig.place.join("elsewhere.eti"), join(rig.root, "a.eti"));
    expect(await failure(rig, () => install(rig))).toMatchObject({
      code: "archive-unsupported",
      message: expect.stringContaining(join(rig.root, "a.eti")),
    });
  });

  it("unpacks the archives in the order of their names, and keeps a list", async () => {
    await using rig = await createGame({
      "a.eti": [...GAME, { name: "patched", content: "old", mtime: MTIME }],
      "b.ETI": [{ name: "patched", content: "newer", mtime: MTIME }],
      "readme.rar": [{ name: "not-this", content: "x" }],
    });
    const downloaded = await tree(rig.root);
    const seen: InstallProgress[] = [];
    const result = await install(rig, {
      onProgress: (progress) => seen.push(progress),
    });
    expect(result).toEqual({ files: 3, bytes: 1_000_013 });
    expect(await tree(rig.root)).toMatchObject(downloaded);
    expect(await namesIn(join(rig.root, "local"))).toEqual(["data", "game.exe", "patched", "saves"]);
    expect(await readFile(join(rig.root, "local/patched"), "utf8")).toBe("newer");
    expect((await stat(join(rig.root, "local/game.exe"))).mtimeMs).toBe(MTIME.getTime());
    expect(await namesIn(rig.root)).toEqual(["a.eti", "b.ETI", "local", "readme.rar", "version.ini"]);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json"]);
    expect(await readInstalledList(rig.stateDir, GGOO)).toEqual({
      version: "20180412",
      files: [
        {
          path: "data/level.bin",
          size: 1_000_000,
          crc32: crc32(seededBytes(1, 1_000_000)),
          mtime: MTIME.getTime(),
        },
        {
          path: "game.exe",
          size: 8,
          crc32: crc32("the game"),
          mtime: MTIME.getTime(),
        },
        {
          path: "patched",
          size: 5,
          crc32: crc32("newer"),
          mtime: MTIME.getTime(),
        },
      ],
    });
    expect(seen[0]).toEqual({ phase: "checking", doneBytes: 0, totalBytes: 0 });
    expect(seen.at(-1)).toEqual({
      phase: "flushing",
      doneBytes: 1_000_016,
      totalBytes: 1_000_016,
    });
    const done = seen.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(await unpackedBytes({ root: rig.root, unpacker })).toBe(1_000_016);
  });

  it("takes a set of volumes for one archive", async () => {
    await using rig = await createRig();
    await writeRar5(
      {
        bytes: 100_000,
        path: (index) => join(rig.root, `set.part${index + 1}.eti`),
      },
      [{ name: "first.bin", content: seededBytes(4, 1_050_000) }],
    );
    expect((await namesIn(rig.root)).length).toBeGreaterThan(10);
    expect(await install(rig)).toEqual({ files: 1, bytes: 1_050_000 });
  });

  it("copies the files of a game without archives, with times and modes", async () => {
    await using rig = await createRig({
      "version.ini": "1",
      "run.sh": "#!/bin/sh\n",
      "data/big.bin": seededBytes(3, 5_000_000),
      "data/empty": "",
      ".sync/state": "another program's",
    });
    await utimes(join(rig.root, "data/empty"), MTIME, MTIME);
    await chmod(join(rig.root, "run.sh"), 0o755);
    await symlink("run.sh", join(rig.root, "link"));
    const seen: InstallProgress[] = [];
    const result = await install(rig, {
      onProgress: (progress) => seen.push(progress),
    });
    expect(result).toEqual({ files: 3, bytes: 5_000_010 });
    expect(Object.keys(await tree(join(rig.root, "local")))).toEqual([
      "data/",
      "data/big.bin",
      "data/empty",
      "run.sh",
    ]);
    const big = await readFile(join(rig.root, "local/data/big.bin"));
    expect(big.equals(seededBytes(3, 5_000_000))).toBe(true);
    expect((await stat(join(rig.root, "local/data/empty"))).mtimeMs).toBe(MTIME.getTime());
    expect((await stat(join(rig.root, "local/run.sh"))).mode & 0o777).toBe(0o755);
    const list = await readInstalledList(rig.stateDir, GGOO);
    expect(list?.files[0]).toMatchObject({
      path: "data/big.bin",
      size: 5_000_000,
      crc32: crc32(big),
    });
    expect(seen.at(-1)).toEqual({
      phase: "flushing",
      doneBytes: 5_000_010,
      totalBytes: 5_000_010,
    });
    // A copy, not a link: the user's changes do not reach what is shared.
    await writeFile(join(rig.root, "local/run.sh"), "changed");
    expect(await readFile(join(rig.root, "run.sh"), "utf8")).toBe("#!/bin/sh\n");
  });

  it("forgets that launch settings were applied to an earlier install", async () => {
    await using rig = await createGame({ "a.eti": GAME });
    await writeFiles(rig.stateDir.gameDir(GGOO), {
      launch_settings_applied: "",
      setup_done: "",
    });
    await install(rig);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json", "setup_done"]);
  });
});

describe("what is not installed", () => {
  it("a game that is not downloaded", async () => {
    await using rig = await createGame({ "a.eti": GAME }, { "version.ini": "no version" });
    expect(await failure(rig, () => install(rig))).toMatchObject({
      code: "not-downloaded",
    });
    const elsewhere = { root: join(rig.gamesDir, "absent") };
    expect(await failure(rig, () => install(rig, elsewhere))).toMatchObject({
      code: "not-downloaded",
    });
  });

  it("a game that is installed, in any spelling", async () => {
    await using rig = await createGame({ "a.eti": GAME }, { "Local/game.exe": "the user's" });
    expect(await failure(rig, () => install(rig))).toMatchObject({
      code: "already-installed",
      hint: expect.stringContaining("Move it away"),
    });
  });

  it("a game whose local/ is a link, which nobody could uninstall", async () => {
    await using rig = await createGame({ "a.eti": GAME });
    await writeFiles(rig.place.path, { "elsewhere/mine": "the user's" });
    await symlink(rig.place.join("elsewhere"), join(rig.root, "local"));
    expect(await failure(rig, () => install(rig))).toMatchObject({
      code: "already-installed",
      message: expect.stringContaining(join(rig.root, "local")),
      hint: expect.stringContaining("Move it away"),
    });
  });

  it("a game with something of the user's at the reserved name", async () => {
    await using rig = await createGame({ "a.eti": GAME }, { ".local.installing/mine": "the user's" });
    expect(await failure(rig, () => install(rig))).toMatchObject({
      code: "already-exists",
      message: expect.stringContaining(join(rig.root, ".local.installing")),
    });
  });

  it("archives that cannot lie over each other", async () => {
    await using rig = await createGame({
      "a.eti": [{ name: "Data/x", content: "x" }],
      "b.eti": [{ name: "data/y", content: "y" }],
    });
    const { code, message } = await failure(rig, () => install(rig));
    expect(code).toBe("archive-unsafe-path");
    expect(message).toMatch(/b\.eti.*"data\/y": the path differs only in case/u);
  });

  it("files whose names are not safe everywhere", async () => {
    await using rig = await createRig({
      "version.ini": "1",
      "aux.txt": "a device on Windows",
    });
    const { code, message } = await failure(rig, () => install(rig));
    expect([code, message]).toEqual(["forbidden-path", expect.stringContaining("aux.txt")]);
  });
});

describe("an install that fails leaves what was", () => {
  it.each<[string, Rar5Entry, string]>([
    ["a damaged entry", { name: "bad", content: "bad", damage: "data" }, "archive-damaged"],
    ["an encrypted entry", { name: "bad", content: "bad", password: "p" }, "archive-password"],
    ["an entry that leads out", { name: "../../../bad", content: "bad" }, "archive-unsafe-path"],
    ["a link", { type: "symlink", name: "bad", target: "/" }, "archive-unsupported"],
  ])("for %s in the last archive", async (_, entry, code) => {
    await using rig = await createGame({ "a.eti": GAME, "b.eti": [entry] });
    const error = await failure(rig, () => install(rig));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(join(rig.root, "b.eti"))]);
    expect(error.message).toContain("bad");
  });

  it("for an archive that is cut off", async () => {
    await using rig = await createGame({ "a.eti": GAME });
    await truncate(join(rig.root, "a.eti"), 500_000);
    expect(await failure(rig, () => install(rig))).toMatchObject({
      code: "archive-truncated",
    });
  });

  it("for a cancellation in the middle of an archive, and can be done again", async () => {
    await using rig = await createGame({
      "a.eti": GAME,
      "b.eti": [{ name: "z", content: { zeros: 300_000_000 } }],
    });
    const stop = new AbortController();
    const onProgress = ({ doneBytes }: InstallProgress): void => {
      if (doneBytes > 20_000_000) stop.abort();
    };
    const error = await failure(rig, () => install(rig, { signal: stop.signal, onProgress }));
    expect(error).toMatchObject({ code: "cancelled" });
    expect(await install(rig)).toMatchObject({ files: 3 });
  });

  it.each<InstallStep>(["make-staging", "flush-staging", "write-list", "promote"])(
    "for a cancellation at %s",
    async (at) => {
      await using rig = await createGame({ "a.eti": GAME });
      const stop = new AbortController();
      const onStep = (step: InstallStep, moment: string): void => {
        if (step === at && moment === "before") stop.abort();
      };
      const cancelled = () => install(rig, { signal: stop.signal, onStep });
      // The promotion itself is the point of no return: it is not cancelled any more.
      if (at === "promote") expect(await cancelled()).toMatchObject({ files: 2 });
      else
        expect(await failure(rig, cancelled)).toMatchObject({
          code: "cancelled",
        });
    },
  );

  it("for a cancellation while files are copied", async () => {
    await using rig = await createRig({
      "version.ini": "1",
      "a.bin": seededBytes(1, 9_000_000),
      "b.txt": "b",
    });
    const stop = new AbortController();
    const onProgress = ({ doneBytes }: InstallProgress): void => {
      if (doneBytes > 0) stop.abort();
    };
    const error = await failure(rig, () => install(rig, { signal: stop.signal, onProgress }));
    expect(error).toMatchObject({ code: "cancelled" });
  });

  it.each([
    ["already-installed", "local/game.exe", "promote"],
    ["already-exists", ".local.installing/mine", "make-staging"],
  ] as const)("with %s for what the user makes meanwhile at %s", async (code, path, at) => {
    await using rig = await createGame({ "a.eti": GAME });
    const downloaded = await tree(rig.gamesDir);
    const before = at === "promote" ? "write-list" : at;
    const onStep = async (step: InstallStep, moment: string): Promise<void> => {
      if (step === before && moment === "before") await writeFiles(rig.root, { [path]: "the user's" });
    };
    await expect(install(rig, { onStep })).rejects.toMatchObject({ code });
    expect(await readFile(join(rig.root, path), "utf8")).toBe("the user's");
    expect(Object.keys(await tree(rig.gamesDir)).filter((name) => !(name in downloaded))).toHaveLength(2);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("before it began, when it is cancelled", async () => {
    await using rig = await createGame({ "a.eti": GAME });
    const error = await failure(rig, () => install(rig, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: "cancelled" });
  });

  it("for an unpacker that breaks after it has written", async () => {
    await using rig = await createGame({ "a.eti": GAME });
    const breaking: Unpacker = {
      ...unpacker,
      unpack: async (options) => {
        await unpacker.unpack(options);
        throw new Error("out of order");
      },
    };
    const error = await failure(rig, () => install(rig, { unpacker: breaking }));
    expect([error.code, error.message]).toEqual(["internal", expect.stringContaining("out of order")]);
  });

  it("for an archive that is swapped between looking and unpacking", async () => {
    await using rig = await createGame({ "a.eti": GAME });
    const swapping: Unpacker = {
      ...unpacker,
      unpack: async (options) => {
        await writeRar5(options.archive, [{ name: "../escaped", content: "x" }]);
        try {
          return await unpacker.unpack(options);
        } finally {
          await writeRar5(options.archive, GAME);
        }
      },
    };
    const error = await failure(rig, () => install(rig, { unpacker: swapping }));
    expect(error).toMatchObject({ code: "archive-unsafe-path" });
  });
});
