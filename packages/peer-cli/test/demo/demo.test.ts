import { readdir } from "node:fs/promises";
import { crc32, inflateSync } from "node:zlib";
import { openCatalog } from "@lanspread/peer";
import { eventually, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WAITING_DATAGRAMS } from "../../src/demo/constants.ts";
import { DEMO_GAMES } from "../../src/demo/demo-games.ts";
import { makeCatalog } from "../../src/demo/make-games.ts";
import { encodePng } from "../../src/demo/png.ts";
import { slowSockets } from "../../src/demo/slow-socket.ts";
import { startCli } from "../support/cli.ts";

const SOON = { deadlineMs: 60_000 };

let dir: TemporaryDirectory;

beforeEach(async () => {
  dir = await temporaryDirectory("lanspread-cli-demo-");
});
afterEach(() => dir[Symbol.asyncDispose]());

describe("lanspread desktop --demo", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "shows a party and leaves nothing behind at %s",
    async (signal) => {
      const args = ["desktop", "--demo", "--no-window", "--name", "Alone", "--lanes", "0", "-v"];
      const cli = startCli(args, { env: { TMPDIR: dir.path } });
      try {
        await eventually(
          () =>
            ["Ada", "Grace", "Linus"].every((name) => cli.stderr().includes(`somebody came name=${name}`)),
          { what: "everybody in the party", ...SOON },
        );
        const address = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/u.exec(cli.stderr())?.[0] ?? "";
        const entered = await fetch(address, { redirect: "manual" });
        const [cookie = ""] = entered.headers.getSetCookie()[0]?.split(";") ?? [];
        const picture = await fetch(new URL("/covers/nebula-drifters", address), { headers: { cookie } });
        expect([picture.status, picture.headers.get("content-type")]).toEqual([200, "image/png"]);
        expect(await readdir(dir.path)).toHaveLength(1);
      } finally {
        cli.child.kill(signal);
      }
      expect(await cli.ended).toMatchObject({ code: 0 });
      expect(await readdir(dir.path)).toEqual([]);
    },
    120_000,
  );

  it("leaves nothing behind where it is interrupted while it makes games", async () => {
    const cli = startCli(["desktop", "--demo", "--no-window"], { env: { TMPDIR: dir.path } });
    await eventually(async () => (await readdir(dir.path)).length > 0, { what: "its directory", ...SOON });
    cli.child.kill("SIGINT");
    expect(await cli.ended).toMatchObject({ code: 4 });
    expect(await readdir(dir.path)).toEqual([]);
  });

  it("does not take a rate that is none", async () => {
    const { code, stderr } = await startCli(["desktop", "--demo", "--demo-rate", "0"]).ended;
    expect(code).toBe(2);
    expect(stderr).toContain("from 1 to 1000");
  });
});

describe("the games of the demo", () => {
  it("make a catalog that can be read, with pictures beside it", async () => {
    const places = {
      ownGames: dir.join("you"),
      gamesOf: (player: string) => dir.join(player),
      catalog: dir.join("catalog.json"),
      pictures: dir.join("pictures"),
    };
    await makeCatalog(places);
    const catalog = await openCatalog(places.catalog);
    expect(catalog.entries().map(({ id }) => id)).toEqual(DEMO_GAMES.map(({ id }) => id));
    const named = catalog.entries().flatMap(({ thumbnail }) => thumbnail ?? []);
    expect((await readdir(places.pictures)).map((name) => `pictures/${name}`).sort()).toEqual(named.sort());
  });

  it("are each offered by somebody", () => {
    expect(new Set(DEMO_GAMES.map(({ id }) => id)).size).toBe(DEMO_GAMES.length);
    for (const { players } of DEMO_GAMES) expect(players.length).toBeGreaterThan(0);
  });
});

describe("a picture", () => {
  it("is a PNG with the same pixels", () => {
    const pixels = Uint8Array.from({ length: 3 * 2 * 3 }, (_, at) => (at * 37) % 256);
    const png = encodePng(3, 2, pixels);
    const chunks = [];
    for (let at = 8; at < png.length; ) {
      const length = png.readUInt32BE(at);
      const named = png.subarray(at + 4, at + 8 + length);
      expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(named));
      chunks.push({ type: named.toString("latin1", 0, 4), data: named.subarray(4) });
      at += length + 12;
    }
    expect(chunks.map(({ type }) => type)).toEqual(["IHDR", "IDAT", "IEND"]);
    expect([chunks[0]?.data.readUInt32BE(0), chunks[0]?.data.readUInt32BE(4)]).toEqual([3, 2]);
    const rows = inflateSync(chunks[1]?.data ?? "");
    const back = [];
    for (let y = 0; y < 2; y++) {
      const row = [...rows.subarray(y * 10 + 1, y * 10 + 10)];
      for (let x = 3; x < 9; x++) row[x] = ((row[x] ?? 0) + (row[x - 3] ?? 0)) % 256;
      back.push(...row);
    }
    expect(back).toEqual([...pixels]);
  });
});

describe("a slow socket", () => {
  it("sends all that it was given, in order, and says when it has room again", async () => {
    const open = slowSockets(400_000);
    const [from, to] = [
      await open({ host: "127.0.0.1", port: 0 }),
      await open({ host: "127.0.0.1", port: 0 }),
    ];
    const received: number[] = [];
    to.onMessage((bytes) => received.push((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)));
    const drained = new Promise<void>((resolve) => from.onDrain?.(resolve));
    const count = WAITING_DATAGRAMS * 2;
    const bytes = new Uint8Array(count * 500);
    for (let at = 0; at < count; at++) bytes.set([at >> 8, at & 255], at * 500);
    expect(from.sendSegments?.(bytes, 500, to.address)).toBe(false);
    // What was given is copied: it may be written over at once.
    bytes.fill(0);
    await drained;
    expect(received.length).toBeLessThan(count);
    await eventually(() => received.length === count, { what: "every datagram", ...SOON });
    expect(received).toEqual(received.map((_, at) => at));
    expect(from.sendSegments?.(new Uint8Array(1), 500, to.address)).toBe(true);
    await from.close();
    await from.close();
    await to.close();
  });
});
