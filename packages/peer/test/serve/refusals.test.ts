import { mkdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Answer,
  asGameId,
  type ErrorAnswer,
  encodeFrame,
  type Hash,
  parseStreamControl,
  type Request,
  TAG,
  TaggedFrameDecoder,
} from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createCatalog } from "../../src/catalog/index.ts";
import { readFully } from "../../src/transfer/index.ts";
import { ASKER, content, createServeRig, GGOO, OTHER, type ServeRig } from "./rig.ts";

const OTHER_HASH = "b".repeat(64) as Hash;
const FILES = { "version.ini": "2018.04.12", "data/a.eti": content(5000, "a"), "local/save": "mine" };

async function refusal(rig: ServeRig, request: Request): Promise<ErrorAnswer> {
  const answer = await rig.ask(request);
  if (answer.type !== "error") throw new Error(`answered ${answer.type}`);
  return answer;
}

const file = (rig: ServeRig, path: string): Request => ({
  type: "get_game_file_data",
  game_id: GGOO,
  manifest_hash: rig.manifest().manifest_hash,
  path,
});

describe("what the gate refuses touches no disk", () => {
  it.each<[string, ErrorAnswer["code"], (rig: ServeRig) => Request]>([
    ["a game that is not here", "not_downloaded", () => ({ type: "get_game", game_id: asGameId("none") })],
    [
      "digests of another manifest",
      "manifest_changed",
      () => ({ type: "get_piece_hashes", game_id: GGOO, manifest_hash: OTHER_HASH }),
    ],
    ["a file that is not listed", "no_such_file", (rig) => file(rig, "data/b.eti")],
    ["the installed game", "forbidden_path", (rig) => file(rig, "local/save")],
    ["a way out", "forbidden_path", (rig) => file(rig, "../games/ggoo/data/a.eti")],
    ["a part over the end", "bad_request", (rig) => rig.chunk("data/a.eti", 4000, 1001)],
  ])("%s", async (_, code, request) => {
    await using rig = await createServeRig(FILES);
    expect(await refusal(rig, request(rig))).toMatchObject({ code, retryable: false });
    expect(rig.diskLooks).toBe(0);
    expect(rig.outbound.counts()).toEqual({});
  });

  it("a busy game", async () => {
    await using rig = await createServeRig(FILES);
    const requests = [file(rig, "data/a.eti"), rig.chunk("data/a.eti", 0, 1)];
    rig.library.busy.add(GGOO);
    for (const request of [...requests, { type: "get_game", game_id: GGOO } as const]) {
      expect(await refusal(rig, request)).toMatchObject({ code: "operation_active", retryable: true });
    }
    expect(rig.diskLooks).toBe(0);
  });

  it("games outside the catalog, and versions that this party does not play", async () => {
    const catalog = (id: string, version: string) =>
      createCatalog(
        JSON.stringify({ format: 1, name: "party", games: [{ id, name: "Game", version }] }),
        "c",
      );
    await using outside = await createServeRig(FILES, { catalog: catalog("other", "1") });
    expect(await refusal(outside, { type: "get_game", game_id: GGOO })).toMatchObject({
      code: "not_in_catalog",
    });
    await using older = await createServeRig(FILES, { catalog: catalog(GGOO, "2019.01.01") });
    expect(await refusal(older, { type: "get_game", game_id: GGOO })).toMatchObject({
      code: "version_mismatch",
    });
    expect(outside.diskLooks + older.diskLooks).toBe(0);
  });
});

it("a game that becomes busy while its file is opened is refused, and nothing of the file is begun", async () => {
  await using rig = await createServeRig(FILES);
  const { gamesDir } = rig;
  Object.defineProperty(rig, "gamesDir", {
    get: () => {
      rig.library.busy.add(GGOO);
      return gamesDir;
    },
  });
  for (const request of [file(rig, "data/a.eti"), rig.chunk("data/a.eti", 0, 1)]) {
    rig.library.busy.delete(GGOO);
    expect(await refusal(rig, request)).toMatchObject({ code: "operation_active", retryable: true });
  }
  expect(rig.diskLooks).toBe(2);
});

it("a link to another place in the game is followed", async () => {
  await using rig = await createServeRig(FILES);
  const request = file(rig, "data/a.eti");
  const root = join(rig.library.gamesDir, GGOO);
  await rename(join(root, "data"), join(root, "moved"));
  await symlink("moved", join(root, "data"));
  const data = await rig.channel.requestData(request);
  const bytes = Buffer.alloc(5000);
  expect([data.answer, await readFully(data, bytes)]).toEqual([{ type: "file_data", size: 5000 }, 5000]);
  expect(bytes.equals(content(5000, "a"))).toBe(true);
  data.cancel();
});

describe("what is no longer on the disk as it was", () => {
  const root = (rig: ServeRig, ...parts: string[]): string => join(rig.library.gamesDir, GGOO, ...parts);

  it.each<[string, ErrorAnswer["code"], (rig: ServeRig) => Promise<unknown>]>([
    ["a file that is gone", "manifest_changed", (rig) => rm(root(rig, "data/a.eti"))],
    ["a directory that is gone", "manifest_changed", (rig) => rm(root(rig, "data"), { recursive: true })],
    ["a shorter file", "manifest_changed", (rig) => truncate(root(rig, "data/a.eti"), 10)],
    ["a longer file", "manifest_changed", (rig) => truncate(root(rig, "data/a.eti"), 6000)],
    [
      "a directory in a file's place",
      "manifest_changed",
      async (rig) => {
        await rm(root(rig, "data/a.eti"));
        await mkdir(root(rig, "data/a.eti"));
      },
    ],
    [
      "a link to a file of this machine",
      "forbidden_path",
      async (rig) => {
        await writeFile(rig.library.dir.join("secret"), content(5000, "secret"));
        await rm(root(rig, "data/a.eti"));
        await symlink(rig.library.dir.join("secret"), root(rig, "data/a.eti"));
      },
    ],
    [
      "a directory that became a link out of the game",
      "forbidden_path",
      async (rig) => {
        await rename(root(rig, "data"), rig.library.dir.join("elsewhere"));
        await symlink(rig.library.dir.join("elsewhere"), root(rig, "data"));
      },
    ],
    [
      "a directory that became a link to the installed game",
      "forbidden_path",
      async (rig) => {
        await rename(root(rig, "data"), root(rig, "local/data"));
        await symlink("local/data", root(rig, "data"));
      },
    ],
    ["a sentinel that is gone", "not_downloaded", (rig) => rm(root(rig, "version.ini"))],
    [
      "a root that became a link",
      "not_downloaded",
      async (rig) => {
        await rename(root(rig), rig.library.dir.join("moved"));
        await symlink(rig.library.dir.join("moved"), root(rig));
      },
    ],
  ])("%s: %s", async (_, code, change) => {
    await using rig = await createServeRig(FILES);
    const request = file(rig, "data/a.eti");
    await change(rig);
    expect(await refusal(rig, request)).toMatchObject({ code });
    expect(rig.outbound.counts()).toEqual({});
  });

  it("is looked at again by the library, which tells who has to know", async () => {
    await using rig = await createServeRig(FILES);
    const before = rig.manifest().manifest_hash;
    const request = file(rig, "data/a.eti");
    await truncate(root(rig, "data/a.eti"), 10);
    await refusal(rig, request);
    await eventually(() => rig.manifest().manifest_hash !== before);
    const shorter = rig.manifest().manifest_hash;
    // Hashing notices changes as well.
    await rig.library.library.hashed();
    const again = file(rig, "data/a.eti");
    await rename(root(rig, "data"), rig.library.dir.join("elsewhere"));
    await symlink(rig.library.dir.join("elsewhere"), root(rig, "data"));
    expect(await refusal(rig, again)).toMatchObject({ code: "forbidden_path" });
    await eventually(() => rig.manifest().manifest_hash !== shorter);
    await rm(root(rig, "version.ini"));
    expect(await refusal(rig, { type: "get_game", game_id: GGOO })).toMatchObject({ code: "not_downloaded" });
    await eventually(() => rig.library.library.snapshot().games.length === 0);
  });
});

describe("who asks", () => {
  const requests: Request[] = [
    { type: "ping", peer_id: OTHER },
    { type: "goodbye", peer_id: OTHER },
    {
      type: "library_delta",
      peer_id: OTHER,
      delta: { from_rev: 1, to_rev: 2, added: [], updated: [], removed: [] },
    },
    {
      type: "hello",
      peer_id: OTHER,
      proto_ver: 5,
      listen_addr: "127.0.0.1:4000",
      name: "other",
      party: "lan",
      features: [],
      library: { library_rev: 1, games: [] },
    },
  ];

  it.each(requests)("must be who the certificate says: $type", async (request) => {
    await using rig = await createServeRig();
    expect(await refusal(rig, request)).toMatchObject({ code: "wrong_peer", retryable: false });
    expect(rig.handled).toEqual([]);
    const own = { ...request, peer_id: ASKER };
    expect((await rig.ask(own)).type).not.toBe("error");
    expect(rig.handled).toEqual([own]);
  });

  it("has to say hello first", async () => {
    await using rig = await createServeRig();
    rig.greeted = false;
    const [ping, , , hello] = requests.map((request) => ({ ...request, peer_id: ASKER }) as Request);
    const others: Request[] = [
      { type: "list_games" },
      { type: "get_game", game_id: GGOO },
      rig.chunk("a.eti", 0, 1),
    ];
    for (const request of [ping, ...others]) {
      if (request === undefined) throw new Error("no request");
      expect(await refusal(rig, request)).toMatchObject({ code: "bad_request", retryable: true });
    }
    expect(rig.handled).toEqual([]);
    if (hello !== undefined) expect((await rig.ask(hello)).type).toBe("ok");
  });
});

it("refuses streamed installs in their own framing", async () => {
  await using rig = await createServeRig();
  const request = { type: "stream_install", game_id: GGOO, manifest_hash: OTHER_HASH } as const;
  const { asking, served } = await rig.send(request);
  const bytes = Buffer.alloc(10_000);
  const decoder = new TaggedFrameDecoder();
  decoder.push(bytes.subarray(0, await readFully(asking, bytes)));
  const frame = decoder.next();
  if (frame === null) throw new Error("no frame");
  expect(frame.tag).toBe(TAG.control);
  expect(parseStreamControl(frame.body)).toMatchObject({
    type: "error",
    code: "manifest_changed",
    retryable: false,
  });
  expect(decoder.atBoundary).toBe(true);
  await served;
});

describe("faults of the own side", () => {
  it("are told without anything of this machine, and logged with all of it", async () => {
    await using rig = await createServeRig();
    const request = rig.chunk("a.eti", 0, 100);
    // What no file system can open.
    rig.gamesDir = "/home/secret\0dir";
    const answer = await refusal(rig, request);
    expect(answer).toMatchObject({ code: "internal", retryable: true });
    expect(JSON.stringify(answer)).not.toMatch(/home|secret|dir/u);
    expect(rig.log.find((entry) => entry.level === "warn")?.fields["error"]).toMatchObject({
      message: expect.stringContaining("secret"),
    });
    expect(rig.outbound.counts()).toEqual({});
  });

  it("of a handler, too", async () => {
    const ping = async (): Promise<Answer> => {
      throw new Error("cannot open /home/secret");
    };
    await using rig = await createServeRig(undefined, { control: { ping } });
    const answer = await refusal(rig, { type: "ping", peer_id: ASKER });
    expect(answer).toMatchObject({ code: "internal" });
    expect(answer.message).not.toContain("secret");
  });
});

describe("a flood", () => {
  it("of control requests is answered busy until time has passed", async () => {
    await using rig = await createServeRig();
    const ping: Request = { type: "ping", peer_id: ASKER };
    for (let sent = 0; sent < 50; sent++) expect(await rig.ask(ping)).toEqual({ type: "pong" });
    expect(await refusal(rig, ping)).toMatchObject({ code: "busy", retryable: true });
    expect(await refusal(rig, { type: "list_games" })).toMatchObject({ code: "busy" });
    expect(rig.handled).toHaveLength(50);
    rig.clock += 20;
    expect(await rig.ask(ping)).toEqual({ type: "pong" });
    expect(await refusal(rig, ping)).toMatchObject({ code: "busy" });
  });

  it("of one peer is no matter of the others", async () => {
    await using rig = await createServeRig();
    for (let sent = 0; sent < 60; sent++) await rig.ask({ type: "list_games" });
    const { asking, served } = rig.open({ context: { peerId: OTHER } });
    await asking.write(encodeFrame({ type: "ping", peer_id: OTHER }));
    asking.finish();
    await served;
    expect(rig.handled).toHaveLength(1);
  });

  it("of messages that are none counts as well", async () => {
    await using rig = await createServeRig();
    const nonsense = async (): Promise<void> => {
      const { asking, served } = rig.open();
      await asking.write(encodeFrame({ type: "nonsense" }));
      asking.finish();
      await served;
    };
    for (let sent = 0; sent < 50; sent++) await nonsense();
    expect(await refusal(rig, { type: "list_games" })).toMatchObject({ code: "busy" });
  });

  it("of requests for small files is what a download is", async () => {
    await using rig = await createServeRig(FILES);
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const data = await rig.channel.requestData(rig.chunk("data/a.eti", 0, 1));
        data.cancel();
        return data.answer.type;
      }),
    );
    expect(new Set(answers)).toEqual(new Set(["file_data"]));
  });
});
