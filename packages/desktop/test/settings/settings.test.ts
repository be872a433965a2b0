import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { createUnrarJsUnpacker, type PeerOptions } from "@lanspread/peer";
import { asGameId } from "@lanspread/proto";
import { eventually, writeRar5 } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { SettingsChange } from "../../protocol/settings.ts";
import type { DesktopSnapshot } from "../../protocol/snapshot.ts";
import { networkChoices } from "../../shell/settings/networks.ts";
import { createRig, DEADLINE_MS, enter, type Rig, TestPage } from "../support.ts";

const SOON = { deadlineMs: DEADLINE_MS };
/** An address for documentation (RFC 5737): nobody has it. */
const NOBODYS = "192.0.2.1";

/** Of iproute2, which the machine brings. */
const IP = "ip";

/** Why no network can be plugged in here; undefined where one can. */
const cannotPlug = whyNotPlug();

function whyNotPlug(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  return spawnSync(IP, ["-V"]).error === undefined ? undefined : "needs iproute2";
}

function plug(how: "add" | "del", address: string): void {
  execFileSync(IP, ["address", how, `${address}/32`, "dev", "lo"]);
}

function last({ messages }: TestPage): DesktopSnapshot | undefined {
  const snapshots = messages.flatMap((message) => (message.type === "snapshot" ? [message.snapshot] : []));
  return snapshots.at(-1);
}

async function open(rig: Rig, explicit: Partial<PeerOptions> = {}): Promise<TestPage> {
  return await TestPage.open(await enter((await rig.start({}, explicit)).openAddress()));
}

function change(page: TestPage, asked: SettingsChange) {
  return page.ask({ type: "change-settings", change: asked });
}

async function kept(rig: Rig): Promise<unknown> {
  return JSON.parse(await readFile(rig.dir.join("state", "desktop.json"), "utf8"));
}

/** A game whose install waits until it may go on. */
async function prepareInstall({ dir }: Rig) {
  const root = dir.join("games", "quake");
  await mkdir(root);
  await writeRar5(`${root}/quake.eti`, [{ name: "quake.txt", content: "fragged" }]);
  await writeFile(`${root}/version.ini`, "1");
  const real = createUnrarJsUnpacker();
  const gate = Promise.withResolvers<void>();
  const unpacker: typeof real = {
    ...real,
    unpack: async (options) => {
      await gate.promise;
      return await real.unpack(options);
    },
  };
  return { gameId: asGameId("quake"), unpacker, go: () => gate.resolve() };
}

describe("the game folder", () => {
  it("that a page chooses is shared, and kept", async () => {
    await using rig = await createRig();
    const page = await open(rig);
    await mkdir(rig.dir.join("other", "quake"), { recursive: true });
    await writeFile(rig.dir.join("other", "quake", "version.ini"), "1");
    expect(await change(page, { gamesDir: `${rig.dir.join("other")}/` })).toMatchObject({ type: "answer" });
    expect(last(page)).toMatchObject({
      status: { gamesDir: rig.dir.join("other") },
      games: [{ id: "quake" }],
    });
    expect(await kept(rig)).toEqual({ gamesDir: rig.dir.join("other") });
    await change(page, { gamesDir: null });
    expect(last(page)).toMatchObject({ status: { gamesDir: rig.dir.join("games") }, settings: {} });
    page.socket.terminate();
  });

  it.each<[string, (rig: Rig) => string, string]>([
    ["is no path", () => "games", "bad-request"],
    ["leads upwards", (rig) => `${rig.dir.path}/games/../../etc`, "bad-request"],
    ["has a NUL in it", (rig) => `${rig.dir.path}\0`, "bad-request"],
    ["is a file", (rig) => rig.dir.join("page", "index.html"), "not-a-directory"],
    ["is a link to a device", (rig) => rig.dir.join("device"), "not-a-directory"],
    ["is gone", (rig) => rig.dir.join("gone"), "no-such-directory"],
    ["is the app's own", (rig) => rig.dir.join("state"), "bad-request"],
  ])("that %s is refused with the reason, however it is asked for", async (_, pathOf, code) => {
    await using rig = await createRig();
    await symlink("/dev/null", rig.dir.join("device"));
    const page = await open(rig);
    const path = pathOf(rig);
    const refusal = { type: "refusal", refusal: { code, message: expect.stringMatching(/./u) } };
    expect(await change(page, { gamesDir: path })).toMatchObject(refusal);
    if (path.includes("\0")) {
      // No command has such a path: who sends it is no page.
      page.socket.send(JSON.stringify({ type: "command", id: 9, command: { type: "set-game-dir", path } }));
      await eventually(() => page.socket.readyState === page.socket.CLOSED, SOON);
    } else {
      expect(await page.ask({ type: "command", command: { type: "set-game-dir", path } })).toMatchObject(
        refusal,
      );
    }
    expect(last(page)).toMatchObject({ status: { gamesDir: rig.dir.join("games") }, settings: {} });
    page.socket.terminate();
  });

  it("that is gone when the app starts is said to be, and used when it is back", async () => {
    await using rig = await createRig();
    await rename(rig.dir.join("games"), rig.dir.join("away"));
    const page = await open(rig);
    expect(last(page)?.gamesDirProblem).toMatchObject({ code: "no-such-directory" });
    await rename(rig.dir.join("away"), rig.dir.join("games"));
    await eventually(() => last(page)?.gamesDirProblem === null, SOON);
    await rename(rig.dir.join("games"), rig.dir.join("away"));
    await eventually(() => last(page)?.gamesDirProblem?.code === "no-such-directory", SOON);
    page.socket.terminate();
  });
});

describe("settings of the peer", () => {
  it("that keep it from starting are what they were before, and so is the peer", async () => {
    await using rig = await createRig();
    const page = await open(rig);
    await change(page, { playerName: "Ada" });
    const refused: [SettingsChange, string][] = [
      [{ interfaces: [NOBODYS] }, "no-network-interface"],
      [{ partyCa: rig.dir.join("games") }, "no-such-file"],
      [{ partyCa: "ca" }, "bad-request"],
      [{ playerName: "a\u0007b" }, "bad-request"],
    ];
    for (const [asked, code] of refused) {
      expect(await change(page, asked)).toMatchObject({
        type: "refusal",
        refusal: { code, hint: expect.any(String) },
      });
    }
    expect(last(page)).toMatchObject({
      status: { name: "Ada" },
      settings: { playerName: "Ada" },
      setup: { problem: null },
    });
    expect(await kept(rig)).toEqual({ playerName: "Ada" });
    expect(await page.ask({ type: "command", command: { type: "status" } })).toMatchObject({
      type: "answer",
    });
    page.socket.terminate();
  });

  it.each<[string, (rig: Rig) => object, string, SettingsChange]>([
    ["a network", () => ({ interfaces: [NOBODYS] }), "no-network-interface", { interfaces: null }],
    ["a party CA", (rig) => ({ partyCa: rig.dir.join("gone") }), "no-such-file", { partyCa: null }],
  ])(
    "that name %s that is gone leave the app running alone, until they are changed",
    async (_, settings, code, mended) => {
      await using rig = await createRig();
      await mkdir(rig.dir.join("state"));
      await writeFile(rig.dir.join("state", "desktop.json"), JSON.stringify(settings(rig)));
      const page = await open(rig);
      expect(last(page)).toMatchObject({
        setup: { problem: { code, message: expect.stringMatching(/./u) } },
      });
      expect(last(page)?.status.addr).toMatch(/^127\.0\.0\.1:/u);
      expect(await change(page, mended)).toMatchObject({ type: "answer" });
      expect(last(page)).toMatchObject({ setup: { problem: null }, settings: {} });
      page.socket.terminate();
    },
  );

  it.skipIf(process.platform !== "linux")(
    "that cannot be used open no port to others, and look for nobody (Linux alone tells which are open)",
    async () => {
      await using rig = await createRig();
      await mkdir(rig.dir.join("state"));
      await writeFile(rig.dir.join("state", "desktop.json"), JSON.stringify({ interfaces: [NOBODYS] }));
      const asked: string[] = [];
      const discovery = (): never => {
        asked.push("others are looked for");
        throw new Error("nobody is to be found");
      };
      const desktop = await rig.start({ listen: "0.0.0.0:0", discovery });
      const page = await TestPage.open(await enter(desktop.openAddress()));
      expect(last(page)).toMatchObject({ setup: { problem: { code: "no-network-interface" } } });
      const port = Number(last(page)?.status.addr.split(":")[1]).toString(16).toUpperCase().padStart(4, "0");
      const open = (await readFile("/proc/self/net/udp", "utf8"))
        .split("\n")
        .map((line) => line.trim().split(/\s+/u)[1]);
      expect(open.filter((local) => local?.endsWith(`:${port}`))).toEqual([`0100007F:${port}`]);
      expect(asked).toEqual([]);
      page.socket.terminate();
    },
  );

  it.skipIf(cannotPlug !== undefined)(
    `are taken by themselves when the network that they name is back${cannotPlug === undefined ? "" : ` (skipped: ${cannotPlug})`}`,
    async () => {
      // A cable of this test alone: nobody else has an address of this process.
      const address = `127.${100 + (process.pid % 100)}.${(process.pid >> 8) % 256}.${1 + (process.pid % 250)}`;
      await using rig = await createRig();
      await mkdir(rig.dir.join("state"));
      await writeFile(rig.dir.join("state", "desktop.json"), JSON.stringify({ interfaces: [address] }));
      const { gameId, unpacker, go } = await prepareInstall(rig);
      const page = await TestPage.open(
        await enter((await rig.start({ listen: `${address}:0`, unpacker })).openAddress()),
      );
      expect(last(page)).toMatchObject({ setup: { problem: { code: "no-network-interface" } } });
      await page.ask({ type: "command", command: { type: "install-game", gameId } });
      plug("add", address);
      try {
        // Not while a game is worked on.
        await eventually(() => rig.log.some(({ message }) => message.startsWith("a network is back")), SOON);
        go();
        await page.until(
          ({ type, ...rest }) => type === "event" && JSON.stringify(rest).includes("install-finished"),
        );
        await eventually(() => last(page)?.setup.problem === null, SOON);
        expect(last(page)).toMatchObject({ settings: { interfaces: [address] } });
        expect(last(page)?.status.addr).toMatch(new RegExp(`^${address.replaceAll(".", "\\.")}:`, "u"));
        expect(await page.ask({ type: "command", command: { type: "status" } })).toMatchObject({
          type: "answer",
        });
      } finally {
        plug("del", address);
      }
      page.socket.terminate();
    },
  );

  it("that were given at the start are told, and refused", async () => {
    await using rig = await createRig();
    const page = await open(rig, { name: "Given", lanes: 0, gamesDir: rig.dir.join("games") });
    expect(last(page)).toMatchObject({
      setup: { fixed: ["playerName", "gamesDir", "lanes"], stateDir: rig.dir.join("state") },
      status: { name: "Given" },
    });
    for (const asked of [
      { playerName: "Ada" },
      { gamesDir: rig.dir.path },
      { gamesDir: null },
      { lanes: 1 },
    ]) {
      expect(await change(page, asked)).toMatchObject({ type: "refusal", refusal: { code: "bad-request" } });
    }
    expect(await change(page, { language: "de" })).toMatchObject({ type: "answer" });
    expect(await kept(rig)).toEqual({ language: "de" });
    page.socket.terminate();
  });
});

describe("while a game is worked on", () => {
  it("nothing is changed that the work needs, and everything else is", async () => {
    await using rig = await createRig();
    const { gameId, unpacker, go } = await prepareInstall(rig);
    const page = await TestPage.open(await enter((await rig.start({ unpacker })).openAddress()));
    await page.ask({ type: "command", command: { type: "install-game", gameId } });
    await mkdir(rig.dir.join("other"));
    for (const asked of [{ playerName: "Ada" }, { lanes: 1 }, { gamesDir: rig.dir.join("other") }]) {
      expect(await change(page, asked)).toMatchObject({
        type: "refusal",
        refusal: { code: "operation-in-progress", hint: expect.any(String) },
      });
    }
    expect(await change(page, { language: "de" })).toMatchObject({ type: "answer" });
    for (const type of ["play", "start-server"] as const) {
      expect(await page.ask({ type, gameId })).toMatchObject({
        type: "refusal",
        refusal: { code: "operation-in-progress" },
      });
    }
    go();
    await page.until((message) => message.type === "event" && message.event.type === "install-finished");
    expect(await change(page, { playerName: "Ada" })).toMatchObject({ type: "answer" });
    expect(await kept(rig)).toEqual({ language: "de", playerName: "Ada" });
    page.socket.terminate();
  });
});

describe("a game", () => {
  it.skipIf(process.platform === "win32").each<[string, SettingsChange, string]>([
    ["as the page where none is chosen", {}, "german"],
    ["as it is chosen", { language: "en" }, "english"],
  ])("is told its language %s", async (_, chosen, told) => {
    await using rig = await createRig();
    const root = rig.dir.join("games", "quake");
    await mkdir(`${root}/local`, { recursive: true });
    await writeFile(`${root}/version.ini`, "1");
    await writeFile(`${root}/game_start.sh`, "#!/bin/sh\n");
    await writeFile(`${root}/local/language.txt`, "klingon");
    const page = await open(rig);
    await change(page, chosen);
    const played = await page.ask({ type: "play", gameId: asGameId("quake"), language: "de" });
    expect(played).toMatchObject({ type: "answer" });
    expect(await readFile(`${root}/local/language.txt`, "utf8")).toBe(told);
    page.socket.terminate();
  });
});

it.skipIf(process.platform === "win32")(
  "a game is told the name that was said at the start, not the one of the settings",
  async () => {
    await using rig = await createRig();
    const root = rig.dir.join("games", "quake");
    await mkdir(`${root}/local`, { recursive: true });
    await writeFile(`${root}/version.ini`, "1");
    await writeFile(`${root}/game_start.sh`, "#!/bin/sh\n");
    await writeFile(`${root}/local/account_name.txt`, "nobody");
    await mkdir(rig.dir.join("state"));
    await writeFile(rig.dir.join("state", "desktop.json"), JSON.stringify({ playerName: "Kept" }));
    const page = await open(rig, { name: "Given" });
    expect(await page.ask({ type: "play", gameId: asGameId("quake") })).toMatchObject({ type: "answer" });
    expect(await readFile(`${root}/local/account_name.txt`, "utf8")).toBe("Given");
    page.socket.terminate();
  },
);

describe("the networks", () => {
  const address = (text: string, family: "IPv4" | "IPv6", internal = false) =>
    ({ address: text, family, internal }) as never;

  it("that can be chosen are those that others reach, and what is chosen already", () => {
    const own = {
      lo: [address("127.0.0.1", "IPv4", true)],
      eth0: [address("10.0.0.2", "IPv4"), address("fe80::1", "IPv6")],
      wlan0: [address("10.0.1.2", "IPv4")],
    };
    expect(networkChoices([], own)).toEqual([
      { address: "10.0.0.2", name: "eth0" },
      { address: "10.0.1.2", name: "wlan0" },
    ]);
    expect(networkChoices(["127.0.0.1", NOBODYS], own)).toEqual([
      { address: "127.0.0.1", name: "lo" },
      { address: "10.0.0.2", name: "eth0" },
      { address: "10.0.1.2", name: "wlan0" },
      { address: NOBODYS, name: null },
    ]);
  });

  it("are told to a page that asks", async () => {
    await using rig = await createRig();
    const page = await open(rig);
    const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const expected = own.filter(({ family, internal }) => family === "IPv4" && !internal);
    expect(await page.ask({ type: "networks" })).toMatchObject({
      data: expected.map(({ address: text }) => ({ address: text })),
    });
    page.socket.terminate();
  });
});
