import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createLogger } from "@lanspread/peer";
import { asGameId } from "@lanspread/proto";
import { eventually, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { MAX_SETTINGS_BYTES } from "../../shell/play/constants.ts";
import { type PlayOptions, play, startServer } from "../../shell/play/play.ts";
import type { RunOptions } from "../../shell/play/run-script.ts";

const QUAKE = asGameId("quake");
const onlyPosix = process.platform === "win32" ? "(runs where scripts are shell scripts)" : "";

interface Rig extends AsyncDisposable {
  readonly dir: TemporaryDirectory;
  readonly started: RunOptions[];
  readonly options: PlayOptions;
  write(path: string, content: string | Uint8Array): Promise<void>;
  read(path: string): Promise<string>;
}

async function createRig(files: Readonly<Record<string, string>>): Promise<Rig> {
  const dir = await temporaryDirectory();
  const started: RunOptions[] = [];
  const write = async (path: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(dir.join("quake", path)), { recursive: true });
    await writeFile(dir.join("quake", path), content);
  };
  for (const [path, content] of Object.entries(files)) await write(path, content);
  return {
    dir,
    started,
    write,
    read: (path) => readFile(dir.join("quake", path), "utf8"),
    options: {
      gameId: QUAKE,
      gameName: "Quake III Arena",
      root: dir.join("quake"),
      stateDir: dir.join("state"),
      playerName: `Ada "the" <First>`,
      unnoted: new Set(),
      language: "de",
      logger: createLogger({ level: "error", sink: () => {} }),
      run: async (options) => void started.push(options),
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

describe("playing", () => {
  it("runs the set-up once, and only counts it when it was started", async () => {
    await using rig = await createRig({ "game_setup.sh": "", "game_start.sh": "", "local/x": "" });
    const failing = { ...rig.options, run: () => Promise.reject(new Error("no right")) };
    await expect(play(failing)).rejects.toThrow("no right");
    for (const kind of ["game_setup", "game_start", "game_start"]) {
      const started = kind === "game_setup" ? "set-up" : "game";
      expect(await play(rig.options)).toEqual({ started });
      expect(rig.started.at(-1)).toEqual({
        script: rig.dir.join("quake", `${kind}.sh`),
        args: [rig.dir.join("quake", "local"), "quake", "de", "Ada the First"],
        staysOpen: false,
      });
    }
    expect(rig.started).toHaveLength(3);
  });

  it("starts no set-up that cannot be noted", async () => {
    await using rig = await createRig({ "game_setup.sh": "", "game_start.sh": "", "local/x": "" });
    await mkdir(rig.dir.join("state"));
    await writeFile(rig.dir.join("state", "games"), "in the way");
    await expect(play(rig.options)).rejects.toMatchObject({ name: "PeerError" });
    expect(rig.started).toEqual([]);
    await rm(rig.dir.join("state", "games"));
    expect(await play(rig.options)).toEqual({ started: "set-up" });
    expect(await play(rig.options)).toEqual({ started: "game" });
    expect((await readdir(rig.dir.join("state", "games", "quake"))).sort()).toEqual([
      "launch_settings_applied",
      "setup_done",
    ]);
  });

  it("does not start a set-up again whose note got lost while it was started, and notes it later", async () => {
    await using rig = await createRig({ "game_setup.sh": "", "game_start.sh": "", "local/x": "" });
    const note = rig.dir.join("state", "games", "quake", "setup_done");
    const losing = {
      ...rig.options,
      run: async (options: RunOptions) => {
        rig.started.push(options);
        await rm(`${note}_next`);
      },
    };
    expect(await play(losing)).toEqual({ started: "set-up" });
    await expect(stat(note)).rejects.toThrow("ENOENT");
    expect(await play(rig.options)).toEqual({ started: "game" });
    await stat(note);
    expect(rig.options.unnoted.size).toBe(0);
    expect(await play(rig.options)).toEqual({ started: "game" });
    expect(rig.started).toHaveLength(3);
  });

  it("finds scripts in the root, else in local, and no link", async () => {
    await using rig = await createRig({ "local/game_start.sh": "", "local/server_start.sh": "" });
    await symlink("/bin/true", rig.dir.join("quake", "game_start.sh"));
    await play(rig.options);
    await startServer(rig.options);
    expect(rig.started.map(({ script, staysOpen }) => [script, staysOpen])).toEqual([
      [rig.dir.join("quake", "local", "game_start.sh"), false],
      [rig.dir.join("quake", "local", "server_start.sh"), true],
    ]);
  });

  it("writes the player's name and language into the first file of each kind, once per install", async () => {
    const ini = Buffer.from("[S]\r\nPersonaName = Old\r\nGreeting = Gr\u00fc\u00df\r\n", "latin1");
    await using rig = await createRig({
      "game_start.sh": "",
      "local/b/account_name.txt": "second",
      "local/a/z/Account_Name.TXT": "first",
      "local/a/language.txt": "french",
    });
    await rig.write("local/c/SmartSteamEmu.ini", ini);
    await chmod(rig.dir.join("quake", "local", "a", "language.txt"), 0o640);
    await rig.write("secret.txt", "not below local");
    await symlink(
      rig.dir.join("quake", "secret.txt"),
      rig.dir.join("quake", "local", "a", "account_name.txt"),
    );
    await play(rig.options);
    expect(await rig.read("local/a/z/Account_Name.TXT")).toBe("Ada the First");
    expect(await rig.read("local/b/account_name.txt")).toBe("second");
    expect(await rig.read("secret.txt")).toBe("not below local");
    expect(await rig.read("local/a/language.txt")).toBe("german");
    expect((await stat(rig.dir.join("quake", "local", "a", "language.txt"))).mode & 0o777).toBe(0o640);
    expect(await readFile(rig.dir.join("quake", "local", "c", "SmartSteamEmu.ini"), "latin1")).toBe(
      "[S]\r\nPersonaName = Ada the First\r\nGreeting = Gr\u00fc\u00df\r\n",
    );
    await rig.write("local/a/language.txt", "the player's own choice");
    await play(rig.options);
    expect(await rig.read("local/a/language.txt")).toBe("the player's own choice");
    await rm(rig.dir.join("state", "games", "quake", "launch_settings_applied"));
    await play(rig.options);
    expect(await rig.read("local/a/language.txt")).toBe("german");
  });

  it("leaves settings alone that are too large to be some", async () => {
    const large = `PersonaName = Old\n${"x".repeat(MAX_SETTINGS_BYTES)}`;
    await using rig = await createRig({ "game_start.sh": "", "local/SmartSteamEmu.ini": large });
    expect(await play(rig.options)).toEqual({ started: "game" });
    expect(await rig.read("local/SmartSteamEmu.ini")).toBe(large);
  });

  it("remembers that there was nothing to write", async () => {
    await using rig = await createRig({ "game_start.sh": "", "local/x": "" });
    await play(rig.options);
    expect(await readdir(rig.dir.join("state", "games", "quake"))).toEqual(["launch_settings_applied"]);
  });

  it.skipIf(process.platform !== "linux")(
    `looks past a folder that cannot be read (names that are no text: only Linux has them)`,
    async () => {
      await using rig = await createRig({ "game_start.sh": "", "local/z/language.txt": "french" });
      await mkdir(Buffer.from(`${rig.dir.join("quake", "local")}/gr\xfc\xdfe`, "latin1"));
      expect(await play(rig.options)).toEqual({ started: "game" });
      expect(await rig.read("local/z/language.txt")).toBe("german");
    },
  );

  it("does not keep a game from being started that the name cannot be written into, and tries it again", async () => {
    await using rig = await createRig({ "game_start.sh": "", "local/language.txt": "french" });
    await mkdir(rig.dir.join("state"));
    await writeFile(rig.dir.join("state", "games"), "in the way");
    expect(await play(rig.options)).toEqual({ started: "game" });
    expect(rig.started).toHaveLength(1);
    await rm(rig.dir.join("state", "games"));
    expect(await play(rig.options)).toEqual({ started: "game" });
    expect(await rig.read("local/language.txt")).toBe("german");
    expect(await readdir(rig.dir.join("state", "games", "quake"))).toEqual(["launch_settings_applied"]);
  });

  it("refuses what is not installed, and what brings no script", async () => {
    await using rig = await createRig({ "version.ini": "1" });
    await expect(play(rig.options)).rejects.toMatchObject({ code: "not-installed" });
    await rig.write("local/x", "");
    await expect(play(rig.options)).rejects.toMatchObject({
      code: "no-such-file",
      message: expect.stringMatching(/^Quake III Arena brings no game_start /u),
    });
    await expect(startServer(rig.options)).rejects.toMatchObject({ code: "no-such-file" });
  });

  it.skipIf(onlyPosix !== "")(
    `really starts the script, in its folder, with arguments that nobody has looked into ${onlyPosix}`,
    async () => {
      await using rig = await createRig({
        "game_start.sh": `printf '%s|' "$PWD" "$@" > started; mv started done\n`,
        "local/x": "",
      });
      const { run: _, ...options } = rig.options;
      await play({ ...options, playerName: "A  $(touch hacked) B" });
      const done = rig.dir.join("quake", "done");
      await eventually(async () => (await stat(done).catch(() => null)) !== null, { deadlineMs: 60_000 });
      expect((await readFile(done, "utf8")).split("|").slice(1)).toEqual([
        join(rig.options.root, "local"),
        "quake",
        "de",
        "A touch hacked B",
        "",
      ]);
    },
  );
});
