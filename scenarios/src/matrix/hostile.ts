import { randomBytes } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes } from "lanspread";
import { ALIENSWARM, BF1942, CNCTW, GGOO } from "../library/games.ts";
import { sameGame } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import { type RawPeer, startRawPeer } from "../raw/raw-peer.ts";
import type { Scenario } from "../scenario.ts";

const MIB = 1_048_576;
const STREAMS = 10_000;
/** What a peer may hold more after an attack than before, bytes: buffers that the runtime keeps for later. */
const MOST_GROWTH_BYTES = 200 * MIB;

/** Those who keep to no rule. */
export const HOSTILE: readonly Scenario[] = [
  {
    id: "S12",
    async run(stage) {
      const catalog = join(stage.directory, "catalog.json");
      const ids = ["cnctw", "alienswarm", "half"];
      await writeFile(
        catalog,
        JSON.stringify({ format: 1, name: "party", games: ids.map((id) => ({ id, name: id })) }),
      );
      const source = await stage.peer("source", { games: [ALIENSWARM] });
      if (stage.hosts.isLan) source.host.cable.shape({ upMbit: 100 });
      const victim = await stage.peer("victim", { games: [CNCTW], args: ["--catalog", catalog] });
      await stage.place(BF1942, victim.games);
      await mkdir(victim.path("half"));
      await writeFile(victim.path("half", "half.eti"), "no sentinel");
      const secret = join(stage.directory, "secret.txt");
      await writeFile(secret, "nobody's business");
      await symlink(secret, victim.path("cnctw", "link.txt"));
      await (await victim.begin({ cmd: "install", game_id: "cnctw" })).endsWith("install-finished");
      const raw = await startRawPeer(stage, "raw", victim);
      equal("hello", codeOf(await raw.hello()), "hello_ack");
      const known = await raw.request({ type: "get_game", game_id: "cnctw" });
      const { manifest } = known.frame as { manifest: { manifest_hash: string; files: { path: string }[] } };
      const hash = manifest.manifest_hash;
      const paths = manifest.files.map(({ path }) => path);
      equal("files of the manifest", paths.sort(), ["cnctw.eti", "serial.txt", "version.ini"]);
      const download = await victim.download("alienswarm", { install: false });
      await download.reaches(0.1);

      const refused: string[] = [];
      const refuse = async (
        game_id: string,
        path: string,
        codes: readonly string[],
        manifest_hash = hash,
      ) => {
        const whole = { type: "get_game_file_data", game_id, manifest_hash, path };
        const part = { ...whole, type: "get_game_file_chunk", offset: 0, length: 10 };
        for (const frame of [whole, part]) {
          const answer = await raw.request(frame);
          const code = codeOf(answer);
          prove(
            codes.includes(code),
            `${game_id} ${path} is refused with ${codes.join(" or ")}, not ${code}`,
          );
          equal(`bytes of ${game_id} ${path}`, answer.dataBytes, 0);
          refused.push(code);
        }
      };
      await refuse("alienswarm", "alienswarm.eti", ["operation_active", "not_downloaded"]);
      await refuse("half", "half.eti", ["not_downloaded"]);
      await refuse("bf1942", "bf1942.eti", ["not_in_catalog"]);
      await refuse("cnctw", "local/CNC3.exe", ["forbidden_path"]);
      await refuse("cnctw", "LOCAL/CNC3.exe", ["forbidden_path", "no_such_file"]);
      await refuse("cnctw", "../bf1942/bf1942.eti", ["forbidden_path"]);
      await refuse("cnctw", "data/../../../secret.txt", ["forbidden_path"]);
      await refuse("cnctw", secret, ["forbidden_path"]);
      await refuse("cnctw", "link.txt", ["forbidden_path", "no_such_file"]);
      await refuse("cnctw", ".lanspread.json", ["forbidden_path"]);
      await refuse("cnctw", "nothing.txt", ["no_such_file"]);
      await refuse("cnctw", "serial.txt", ["manifest_changed"], "0".repeat(64));
      // And it does answer what it may.
      const served = await raw.request({
        type: "get_game_file_data",
        game_id: "cnctw",
        manifest_hash: hash,
        path: "serial.txt",
      });
      equal("bytes of what may be served", [codeOf(served), served.dataBytes], ["file_data", 12]);
      await download.endsWith("download-finished");
      return `${refused.length} refusals (${[...new Set(refused)].join(", ")}), no byte with any of them`;
    },
  },
  {
    id: "S52",
    cores: 3,
    async run(stage) {
      const victim = await stage.peer("victim", { games: [GGOO] });
      const [client, raw] = await Promise.all([stage.peer("client"), startRawPeer(stage, "raw", victim)]);
      const before = (await victim.status()).rss_bytes;
      await raw.hello();
      const game = await stage.know(GGOO);
      const attacks = attack(raw);
      const served = (async () => {
        await client.isOffered("ggoo", 1);
        await (await client.download("ggoo", { install: false })).endsWith("download-finished");
      })();
      const [said] = await Promise.all([attacks, served]);
      const compared = await sameGame(game, client.path("ggoo"));
      await raw.order({ kind: "redial" });
      equal("hello after all that", codeOf(await raw.hello()), "hello_ack");
      const growth = (await victim.status()).rss_bytes - before;
      prove(growth < MOST_GROWTH_BYTES, `the victim's memory is bounded: it grew by ${formatBytes(growth)}`);
      return `${said}; meanwhile another got ${compared}; the victim grew by ${formatBytes(Math.max(0, growth))}`;
    },
  },
];

/** Everything that nobody should send, one after the other; each is refused or broken off. */
async function attack(raw: RawPeer): Promise<string> {
  const bytes = (data: Uint8Array, finish = true) =>
    raw.order({ kind: "bytes", base64: Buffer.from(data).toString("base64"), finish });
  const framed = (text: string): Buffer => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(Buffer.byteLength(text));
    return Buffer.concat([header, Buffer.from(text)]);
  };
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
    const answer = await bytes(data);
    const code = codeOf(answer);
    const isRefused = answer.broken !== undefined || code === "bad_request" || code === "busy";
    prove(isRefused, `${data.subarray(0, 40).toString("latin1")} is refused, not answered with ${code}`);
    prove((answer.dataBytes ?? 0) === 0, "nothing is served to it");
  }
  // A writer that never ends what it begins: the victim breaks it off, or the client gives up at its deadline.
  const slow = await bytes(framed('{"type":"list_games"}').subarray(0, 9), false);
  prove(slow.broken !== undefined, "a frame that never ends is not answered");
  const { opened = 0 } = await raw.order({ kind: "open", count: STREAMS, withinMs: 5_000 });
  return `${bad.length} bad frames and a slow one refused, ${opened} of ${STREAMS} streams could be opened`;
}

/** The kind of an answer, or the code of a refusal. */
function codeOf({ frame, broken }: { readonly frame?: unknown; readonly broken?: string }): string {
  if (typeof frame !== "object" || frame === null) return broken ?? "nothing";
  const { type, code } = frame as { readonly type?: unknown; readonly code?: unknown };
  return String(type === "error" ? code : type);
}
