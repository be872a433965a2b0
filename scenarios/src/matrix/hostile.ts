import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MAX_STREAMS_PER_CONNECTION, RESET } from "@lanspread/proto";
import { formatBytes } from "lanspread";
import type { KnownGame } from "../library/fixtures.ts";
import { ALIENSWARM, BF1942, CNCTW, GGOO, VERSION } from "../library/games.ts";
import { watchMemory } from "../proofs/memory.ts";
import { sameGame } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { RawAnswer } from "../raw/raw-order.ts";
import { type RawPeer, startRawPeer } from "../raw/raw-peer.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";

const MIB = 1_048_576;
const STREAMS = 10_000;
/** Until one more stream is granted, ms: as soon as an earlier one is over, on a machine that others keep busy. */
const STREAM_DEADLINE_MS = 20_000;
/** Its install lasts some hundred milliseconds: a request takes two. */
const LONG_INSTALL = {
  id: "longinstall",
  version: VERSION,
  archives: { "longinstall.eti": { files: { "long.pak": { parts: [{ zeros: 512 * MIB }] } } } },
  loose: { "readme.txt": "Wait for it.\n" },
  seed: 850,
};

const LINKED_TEXT = "Notes that belong to the game.\n";
const LINKED_FILE = {
  id: "linked-file",
  version: VERSION,
  archives: {},
  loose: { "extras/notes.txt": LINKED_TEXT },
  seed: 852,
};
const LINKED_FOLDER = { ...LINKED_FILE, id: "linked-folder" };

/** What a peer may have more at any time of an attack than before it, bytes: buffers, and what the runtime has not cleared away yet. */
const MOST_GROWTH_BYTES = 128 * MIB;

/** Those who keep to no rule. */
export const HOSTILE: readonly Scenario[] = [
  {
    id: "S12",
    async run(stage) {
      const catalog = join(stage.directory, "catalog.json");
      const ids = ["cnctw", "longinstall", "alienswarm", "linked-file", "linked-folder", "half"];
      await writeFile(
        catalog,
        JSON.stringify({ format: 1, name: "party", games: ids.map((id) => ({ id, name: id })) }),
      );
      const source = await stage.peer("source", { games: [ALIENSWARM] });
      if (stage.hosts.isLan) source.host.cable.shape({ upMbit: 200 });
      const victim = await stage.peer("victim", {
        games: [CNCTW, LONG_INSTALL, LINKED_FILE, LINKED_FOLDER],
        args: ["--catalog", catalog],
      });
      await stage.place(BF1942, victim.games);
      await mkdir(victim.path("half"));
      await writeFile(victim.path("half", "half.eti"), "no sentinel");
      await symlink(victim.path("cnctw", "serial.txt"), victim.path("cnctw", "link.txt"));
      await (await victim.begin({ cmd: "install", game_id: "cnctw" })).endsWith("install-finished");
      const raw = await startRawPeer(stage, "raw", victim);
      equal("hello", codeOf(await raw.hello()), "hello_ack");
      const { hash, paths } = await manifestOf(raw, "cnctw");
      equal("files of the manifest", paths, ["cnctw.eti", "serial.txt", "version.ini"]);

      const refused: string[] = [];
      const ask = async (game_id: string, path: string, manifest_hash: string) => {
        const whole = { type: "get_game_file_data", game_id, manifest_hash, path };
        const part = { ...whole, type: "get_game_file_chunk", offset: 0, length: 10 };
        // Both at once: behind the first one the library may look at the disk again.
        const answers = await Promise.all([whole, part].map((frame) => raw.request(frame)));
        for (const { dataBytes } of answers) equal(`bytes of ${game_id} ${path}`, dataBytes, 0);
        return answers.map(codeOf);
      };
      const refuse = async (game_id: string, path: string, code: string, manifest_hash = hash) => {
        const codes = await ask(game_id, path, manifest_hash);
        equal(`the answers to ${game_id} ${path}`, codes, [code, code]);
        refused.push(code, code);
      };
      const serves = async (game_id: string, path: string, manifest_hash: string, bytes: number) => {
        const answer = await raw.request({ type: "get_game_file_data", game_id, manifest_hash, path });
        equal(`${game_id} ${path} is served`, [codeOf(answer), answer.dataBytes], ["file_data", bytes]);
      };

      // A game that is here and might be served, but for the operation.
      const long = await manifestOf(raw, "longinstall");
      await serves("longinstall", "readme.txt", long.hash, LONG_INSTALL.loose["readme.txt"].length);
      const install = await victim.begin({ cmd: "install", game_id: "longinstall" });
      await refuse("longinstall", "readme.txt", "operation_active", long.hash);
      equal("operations meanwhile", (await victim.status()).operations, [
        { game_id: "longinstall", kind: "installing" },
      ]);
      await install.endsWith("install-finished");
      await serves("longinstall", "readme.txt", long.hash, LONG_INSTALL.loose["readme.txt"].length);
      // One that is on its way here.
      const download = await victim.download("alienswarm", { install: false });
      await download.reaches(0.1);
      await refuse("alienswarm", "alienswarm.eti", "operation_active");
      await download.endsWith("download-finished");

      await refuse("half", "half.eti", "not_downloaded");
      await refuse("bf1942", "bf1942.eti", "not_in_catalog");
      await refuse("cnctw", "local/CNC3.exe", "forbidden_path");
      await refuse("cnctw", "LOCAL/CNC3.exe", "forbidden_path");
      await refuse("cnctw", "../bf1942/bf1942.eti", "forbidden_path");
      await refuse("cnctw", "data/../../../secret.txt", "forbidden_path");
      await refuse("cnctw", victim.path("cnctw", "serial.txt"), "forbidden_path");
      await refuse("cnctw", ".lanspread.json", "forbidden_path");
      await refuse("cnctw", "nothing.txt", "no_such_file");
      await refuse("cnctw", "link.txt", "no_such_file");
      await refuse("cnctw", "serial.txt", "manifest_changed", "0".repeat(64));
      // And it does answer what it may.
      await serves("cnctw", "serial.txt", hash, 12);

      // Files of the manifest that a link leads out of the game since: as long as they were, so that nothing else is wrong with them.
      const outside = join(stage.directory, "outside");
      await mkdir(outside);
      await writeFile(join(outside, "notes.txt"), LINKED_TEXT.replaceAll(/\w/gu, "x"));
      for (const [{ id }, replaced, target] of [
        [LINKED_FILE, ["extras", "notes.txt"], join(outside, "notes.txt")],
        [LINKED_FOLDER, ["extras"], outside],
      ] as const) {
        const { hash: current } = await manifestOf(raw, id);
        await serves(id, "extras/notes.txt", current, LINKED_TEXT.length);
        await stage.until(`a link in ${id} is refused by who opens the file`, async () => {
          const putBack = await replaceByLink(stage, victim.path(id, ...replaced), target);
          // Before the library has seen it: the manifest still has the file, and only who opens it can tell.
          const codes = await ask(id, "extras/notes.txt", current);
          if (!codes.includes("manifest_changed")) {
            equal(`the answers to ${id} extras/notes.txt`, codes, ["forbidden_path", "forbidden_path"]);
            refused.push("forbidden_path", "forbidden_path");
            return true;
          }
          // A look that was under way just then has seen it: once more, when the library has what it had.
          await putBack();
          await stage.until(`${id} is as before`, async () => (await manifestOf(raw, id)).hash === current);
          return false;
        });
      }
      return `${refused.length} refusals (${[...new Set(refused)].join(", ")}), no byte with any of them`;
    },
  },
  {
    id: "S52",
    cores: 3,
    deadlineMs: 240_000,
    async run(stage) {
      const victim = await stage.peer("victim", { games: [GGOO] });
      const [client, raw, holder] = await Promise.all([
        stage.peer("client"),
        startRawPeer(stage, "raw", victim),
        startRawPeer(stage, "holder", victim),
      ]);
      if (stage.hosts.isLan) victim.host.cable.shape({ upMbit: 400 });
      const game = await stage.know(GGOO);
      for (const each of [raw, holder]) equal("hello", codeOf(await each.hello()), "hello_ack");
      await client.isOffered("ggoo", 1);
      // What an upload needs is there before the attack: the threads, and buffers that are kept for the next one.
      const downloads = new Downloads(client, game);
      await downloads.next();
      const memory = await watchMemory(victim.harness.pid);

      let isOver = false;
      const served = downloads.until(() => isOver);
      const attacks = Promise.all([sendBadFrames(raw), writeSlowly(stage, holder, downloads)]).finally(() => {
        isOver = true;
      });
      const [said] = await Promise.all([attacks, served]);
      await raw.order({ kind: "redial" });
      equal("hello after all that", codeOf(await raw.hello()), "hello_ack");
      const growth = (await memory?.growth()) ?? 0;
      prove(growth < MOST_GROWTH_BYTES, `the victim's memory is bounded: it grew by ${formatBytes(growth)}`);
      return `${said.join("; ")}; meanwhile ${downloads.done} downloads, all equal; the victim had at most ${formatBytes(growth)} more`;
    },
  },
];

/** The manifest of a game as a peer gives it. */
async function manifestOf(raw: RawPeer, gameId: string) {
  const { frame } = await raw.request({ type: "get_game", game_id: gameId });
  const { manifest } = frame as {
    readonly manifest?: { readonly manifest_hash: string; readonly files: readonly { path: string }[] };
  };
  return {
    hash: manifest?.manifest_hash ?? "",
    paths: (manifest?.files ?? []).map(({ path }) => path).sort(),
  };
}

/** Puts a link in the place of a file or folder of a game; returns what puts back what was there. */
async function replaceByLink(stage: Stage, path: string, target: string): Promise<() => Promise<void>> {
  const aside = await mkdtemp(join(stage.directory, "replaced-"));
  await symlink(target, join(aside, "link"));
  await rename(path, join(aside, "before"));
  await rename(join(aside, "link"), path);
  return async () => {
    await rename(path, join(aside, "link"));
    await rename(join(aside, "before"), path);
  };
}

/** Downloads of one game again and again, each compared with what it has to be. */
class Downloads {
  /** How many have ended. */
  done = 0;
  /** How many have begun. */
  begun = 0;
  readonly #client: StagePeer;
  readonly #game: KnownGame;

  constructor(client: StagePeer, game: KnownGame) {
    this.#client = client;
    this.#game = game;
  }

  async next(): Promise<void> {
    const { id } = this.#game;
    this.begun += 1;
    await (await this.#client.download(id, { install: false })).endsWith("download-finished");
    await sameGame(this.#game, this.#client.path(id));
    await (await this.#client.begin({ cmd: "remove-download", game_id: id })).endsWith("remove-finished");
    this.done += 1;
  }

  async until(isOver: () => boolean): Promise<void> {
    while (!isOver()) await this.next();
  }
}

/** Everything that nobody should send, one after the other: the victim refuses each of them, or breaks it off. */
async function sendBadFrames(raw: RawPeer): Promise<string> {
  const bad = [
    ...Array.from({ length: 20 }, () => randomBytes(2_000)),
    Buffer.from([0xff, 0xff, 0xff, 0xff]),
    Buffer.concat([Buffer.from([0x7f, 0xff, 0xff, 0xff]), randomBytes(50_000)]),
    Buffer.alloc(0),
    Buffer.from([0, 0, 0, 0]),
    framed("{no json"),
    framed("[]"),
    framed('"text"'),
    framed('{"type":"nonsense"}'),
    framed('{"type":"get_game","game_id":7}'),
    framed('{"type":"get_game","game_id":"ggoo","more":1}'),
    framed(`{"type":"hello","peer_id":${"[".repeat(20_000)}`),
    framed(
      '{"type":"get_game_file_chunk","game_id":"ggoo","manifest_hash":"x","path":"a","offset":-1,"length":1e99}',
    ),
  ];
  for (const data of bad) {
    const answer = await raw.order({ kind: "bytes", base64: data.toString("base64") });
    const code = codeOf(answer);
    const isRefused = answer.broken !== undefined || code === "bad_request" || code === "busy";
    prove(isRefused, `${data.subarray(0, 40).toString("latin1")} is refused, not answered with ${code}`);
    equal("bytes that are served to it", answer.dataBytes ?? 0, 0);
  }
  // No more than so many are granted at a time: each further one shows that the victim is done with one before it.
  const { streams } = await raw.order({ kind: "churn", count: STREAMS, withinMs: STREAM_DEADLINE_MS });
  equal("streams that were opened and reset", streams, STREAMS);
  return `${bad.length} bad frames refused, ${streams} streams opened and reset`;
}

/**
 * Somebody who begins much and goes on with nothing: one frame that comes byte by byte, and as many streams as are granted. The victim
 * breaks all of that off, and serves others until then.
 */
async function writeSlowly(stage: Stage, holder: RawPeer, downloads: Downloads): Promise<string> {
  const base64 = framed(JSON.stringify({ type: "list_games", more: "x".repeat(100) })).toString("base64");
  const slow = holder.order({ kind: "drip", base64, everyMs: 1_000 });
  const { streams: granted = 0 } = await holder.order({
    kind: "hold",
    count: 2 * MAX_STREAMS_PER_CONNECTION,
    withinMs: 1_000,
  });
  prove(
    granted < MAX_STREAMS_PER_CONNECTION && granted > MAX_STREAMS_PER_CONNECTION / 2,
    `streams are granted up to the limit: ${granted} of ${MAX_STREAMS_PER_CONNECTION}`,
  );
  const stillHeld = async () => (await holder.order({ kind: "held" })).streams;
  // The one that runs now began before the streams were held, perhaps.
  const { begun } = downloads;
  await stage.until("a download from its begin to its end", () => downloads.done > begun);
  equal("streams that were held during all of it", await stillHeld(), granted);
  equal("the end of a frame that comes byte by byte", (await slow).resetCode, RESET.stalled);
  await stage.until("the victim ends what does not go on", async () => (await stillHeld()) === 0);
  return `a slow frame and ${granted} held streams broken off`;
}

function framed(text: string): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([header, Buffer.from(text)]);
}

/** The kind of an answer, or the code of a refusal. */
function codeOf({ frame, broken, gaveUp }: RawAnswer): string {
  if (typeof frame !== "object" || frame === null) return broken ?? (gaveUp === true ? "silence" : "nothing");
  const { type, code } = frame as { readonly type?: unknown; readonly code?: unknown };
  return String(type === "error" ? code : type);
}
