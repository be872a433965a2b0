import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it, vi } from "vitest";
import type { DesktopSnapshot } from "../../protocol/snapshot.ts";
import { createRig, DEADLINE_MS, enter, TestPage } from "../support.ts";

function snapshots({ messages }: TestPage): DesktopSnapshot[] {
  return messages.flatMap((message) => (message.type === "snapshot" ? [message.snapshot] : []));
}

describe("a page", () => {
  it("gets a snapshot, then events, and answers to what it asks", async () => {
    await using rig = await createRig();
    const door = await enter((await rig.start()).openAddress());
    const page = await TestPage.open(door);
    expect(snapshots(page)[0]).toMatchObject({ version: "1.2.3", settings: {}, games: [], progress: {} });
    await mkdir(rig.dir.join("games", "quake"));
    await writeFile(rig.dir.join("games", "quake", "version.ini"), "1");
    await page.until(
      (message) =>
        message.type === "event" &&
        message.event.type === "local-library-changed" &&
        message.event.games.some(({ id }) => id === "quake"),
    );
    expect(await page.ask({ type: "command", command: { type: "get-peer-count" } })).toMatchObject({
      data: { count: 0 },
    });
    expect(
      await page.ask({ type: "command", command: { type: "uninstall-game", gameId: "quake" as never } }),
    ).toMatchObject({ type: "refusal", refusal: { code: "not-installed" } });
    page.socket.terminate();
  });

  it.skipIf(process.platform === "win32")(
    "starts a set-up once, however often it is clicked at once (the script is a shell's)",
    async () => {
      await using rig = await createRig();
      const root = rig.dir.join("games", "quake");
      await mkdir(`${root}/local`, { recursive: true });
      await writeFile(`${root}/version.ini`, "1");
      await writeFile(`${root}/game_setup.sh`, "echo set-up >> started\n");
      await writeFile(`${root}/game_start.sh`, "echo game >> started\n");
      const page = await TestPage.open(await enter((await rig.start()).openAddress()));
      const play = { type: "play", gameId: "quake" as never } as const;
      // The moment behind a start in which another click is the same one does not end before all of them have come.
      const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now());
      try {
        const answers = await Promise.all([page.ask(play), page.ask(play), page.ask(play)]);
        for (const answer of [...answers, await page.ask(play)])
          expect(answer).toMatchObject({ type: "answer", data: { started: "set-up" } });
      } finally {
        clock.mockRestore();
      }
      const started = (): Promise<string> => readFile(`${root}/started`, "utf8").catch(() => "");
      await eventually(async () => (await started()) !== "", { deadlineMs: DEADLINE_MS });
      expect(await started()).toBe("set-up\n");
      page.socket.terminate();
    },
  );

  it("keeps settings, which every page sees and the next run knows", async () => {
    await using rig = await createRig();
    const desktop = await rig.start();
    const door = await enter(desktop.openAddress());
    const [one, other] = [await TestPage.open(door), await TestPage.open(door)];
    const change = { playerName: "  Ada ", language: "de", welcomed: true } as const;
    expect(await one.ask({ type: "change-settings", change })).toMatchObject({ type: "answer" });
    await other.until(({ type, ...rest }) => type === "snapshot" && JSON.stringify(rest).includes('"Ada"'));
    expect(snapshots(other).at(-1)).toMatchObject({
      settings: { playerName: "Ada", language: "de", welcomed: true },
      status: { name: "Ada" },
    });
    const file = rig.dir.join("state", "desktop.json");
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
      playerName: "Ada",
      language: "de",
      welcomed: true,
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await one.ask({ type: "change-settings", change: { language: null } });
    await desktop[Symbol.asyncDispose]();
    const page = await TestPage.open(await enter((await rig.start()).openAddress()));
    expect(snapshots(page)[0]?.settings).toEqual({ playerName: "Ada", welcomed: true });
    page.socket.terminate();
  });

  it("finds the app again where it was when that comes back", async () => {
    await using rig = await createRig();
    const desktop = await rig.start();
    const door = await enter(desktop.openAddress());
    const page = await TestPage.open(door);
    const closed = new Promise<number>((resolve) => page.socket.once("close", resolve));
    await desktop[Symbol.asyncDispose]();
    expect(await closed).toBe(1001);
    await rig.start();
    const again = await TestPage.open(door);
    expect(snapshots(again)).toHaveLength(1);
    again.socket.terminate();
  });

  it("is served at every moment, also while the peer is being replaced", async () => {
    await using rig = await createRig();
    const desktop = await rig.start();
    const door = await enter(desktop.openAddress());
    const page = await TestPage.open(door);
    const changes = ["Ada", "Grace", "Linus"].map((playerName) =>
      page.ask({ type: "change-settings", change: { playerName } }),
    );
    let isOver = false;
    const over = Promise.all(changes).finally(() => {
      isOver = true;
    });
    let opened = 0;
    while (!isOver) {
      const other = await TestPage.open(door);
      const answered = await other.ask({ type: "command", command: { type: "list-games" } });
      // Either of them, but always one: while no peer runs there is none that could say.
      expect(["answer", "refusal"]).toContain(answered.type);
      other.socket.terminate();
      opened += 1;
    }
    expect((await over).map(({ type }) => type)).toEqual(["answer", "answer", "answer"]);
    expect(opened).toBeGreaterThan(3);
    await page.until((message) => message.type === "snapshot" && message.snapshot.status.name === "Linus");
    page.socket.terminate();
  });
});
