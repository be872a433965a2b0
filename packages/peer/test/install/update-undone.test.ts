import { readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Rar5Entry } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { recoverInstalls, type Unpacker, type UpdateStep } from "../../src/install/index.ts";
import { failure, MTIME, unpacker } from "./installing.ts";
import { namesIn, tree, writeFiles } from "./support.ts";
import { createPlayed, download, localOf, NEW, update } from "./updating.ts";

describe.concurrent("an update that fails brings the old install back as it was", () => {
  it.each<[string, Rar5Entry, string]>([
    ["a damaged entry", { name: "bad", content: "bad", damage: "data" }, "archive-damaged"],
    ["an encrypted entry", { name: "bad", content: "bad", password: "p" }, "archive-password"],
    ["an entry that leads out", { name: "../../../bad", content: "bad" }, "archive-unsafe-path"],
  ])("for %s in the new archive", async (_, entry, code) => {
    await using rig = await createPlayed({ new: [...NEW, entry] });
    expect(await failure(rig, () => update(rig))).toMatchObject({ code });
    await download(rig, NEW);
    expect(await update(rig)).toMatchObject({ carried: 2 });
  });

  const STEPS: readonly UpdateStep[] = [
    "record-setting-aside",
    "mark-backup",
    "set-aside",
    "make-staging",
    "mark-staging",
    "fill-staging",
    "carry-over",
    "flush-staging",
    "record-promotion",
    "write-list",
    "promote",
  ];
  // Between two steps is one place. Before the first nothing has happened yet.
  it.each(STEPS)("for a failure at the end of %s, or before the promotion", async (at) => {
    const when = at === "promote" ? "before" : "after";
    await using rig = await createPlayed();
    const onStep = (step: UpdateStep, moment: string): void => {
      if (step === at && moment === when) throw new Error("out of order");
    };
    expect(await failure(rig, () => update(rig, { onStep }))).toMatchObject({ code: "internal" });
    expect(await update(rig)).toMatchObject({ files: 4, carried: 2 });
  });

  const CANCELLED: readonly UpdateStep[] = [
    "set-aside",
    "make-staging",
    "carry-over",
    "write-list",
    "promote",
  ];
  it.each(CANCELLED)("for a cancellation at %s", async (at) => {
    await using rig = await createPlayed();
    const stop = new AbortController();
    const onStep = (step: UpdateStep, moment: string): void => {
      if (step === at && moment === "before") stop.abort();
    };
    const cancelled = () => update(rig, { signal: stop.signal, onStep });
    // The promotion itself is the point of no return: it is not cancelled any more.
    if (at === "promote") expect(await cancelled()).toMatchObject({ carried: 2 });
    else expect(await failure(rig, cancelled)).toMatchObject({ code: "cancelled" });
  });

  it("for an unpacker that breaks after it has written", async () => {
    await using rig = await createPlayed();
    const breaking: Unpacker = {
      ...unpacker,
      unpack: async (options) => {
        await unpacker.unpack(options);
        throw new Error("out of order");
      },
    };
    expect(await failure(rig, () => update(rig, { unpacker: breaking }))).toMatchObject({ code: "internal" });
  });

  it.skipIf(process.platform !== "linux")(
    `for a name that is no text${process.platform === "linux" ? "" : " (skipped: only Linux has such names)"}`,
    async () => {
      await using rig = await createPlayed();
      const name = Buffer.concat([Buffer.from(`${localOf(rig)}/`), Buffer.of(0x73, 0xff)]);
      await writeFile(name, "a hundred hours");
      await expect(update(rig)).rejects.toMatchObject({ code: "no-such-file" });
      expect(await readFile(name, "utf8")).toBe("a hundred hours");
      expect(await namesIn(rig.root)).toEqual(["a.eti", "local", "version.ini"]);
      expect(await readFile(localOf(rig, "game.exe"), "utf8")).toBe("the old game");
    },
  );

  it("for a folder of the user's that is a file in the new version", async () => {
    await using rig = await createPlayed({
      users: { "mods/mine": "mine" },
      new: [{ name: "Mods", content: "m" }],
    });
    expect(await failure(rig, () => update(rig))).toMatchObject({
      code: "already-exists",
      message: expect.stringContaining("mods/mine"),
    });
  });

  it.each([
    ["saves on", "saves/slot2.sav"],
    ["overwrites", "saves/slot1.sav"],
    ["overwrites, with as many bytes,", "saves/slot3.sav"],
  ])("for a game that %s in what was set aside", async (_, path) => {
    await using rig = await createPlayed();
    const slot3 = localOf(rig, "saves/slot3.sav");
    await writeFiles(localOf(rig), { "saves/slot3.sav": "a hundred hours and two" });
    await utimes(slot3, MTIME, MTIME);
    const onStep = async (step: UpdateStep, moment: string): Promise<void> => {
      if (step !== "flush-staging" || moment !== "after") return;
      await writeFiles(join(rig.root, ".local.backup"), { [path]: "a hundred hours and one" });
    };
    await expect(update(rig, { onStep })).rejects.toMatchObject({
      code: "verification",
      message: expect.stringContaining(path),
    });
    expect(await readFile(localOf(rig, path), "utf8")).toBe("a hundred hours and one");
    expect(await namesIn(rig.root)).toEqual(["a.eti", "local", "version.ini"]);
    expect(await update(rig)).toMatchObject({ files: 4 });
    expect(await readFile(localOf(rig, path), "utf8")).toBe("a hundred hours and one");
  });

  it("as soon as what somebody put in its place is moved away", async () => {
    await using rig = await createPlayed();
    const old = await tree(localOf(rig));
    const onStep = async (step: UpdateStep, moment: string): Promise<void> => {
      if (step === "write-list" && moment === "after")
        await writeFiles(localOf(rig), { "game.cfg": "made meanwhile" });
    };
    const backup = join(rig.root, ".local.backup");
    await expect(update(rig, { onStep })).rejects.toMatchObject({
      code: "already-installed",
      message: expect.stringContaining(`the old install is safe, but still in ${backup}`),
    });
    expect(await tree(backup)).toMatchObject(old);
    const recover = () =>
      recoverInstalls({
        gamesDir: rig.gamesDir,
        stateDir: rig.stateDir,
        logger: rig.logger,
        isBusy: () => false,
      });
    await recover();
    expect(await tree(backup)).toMatchObject(old);
    expect(await readFile(localOf(rig, "game.cfg"), "utf8")).toBe("made meanwhile");
    await expect(update(rig)).rejects.toMatchObject({
      code: "already-exists",
      message: expect.stringContaining(`${backup} is left of an interrupted update`),
      hint: expect.stringContaining("Move the local beside it away"),
    });
    await rm(localOf(rig), { recursive: true });
    await recover();
    expect(await tree(localOf(rig))).toEqual(old);
    expect(await namesIn(rig.root)).toEqual(["a.eti", "local", "version.ini"]);
    expect(await update(rig)).toMatchObject({ carried: 2 });
  });
});
