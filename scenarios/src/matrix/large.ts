import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { KnownGame } from "../library/fixtures.ts";
import { VERSION } from "../library/games.ts";
import { type GamePlan, makeGame } from "../library/make-game.ts";
import { same, sameGame } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import { OPERATION_DEADLINE_MS } from "../stage/constants.ts";
import { hasDigests, type Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { digestTree, type TreeDigest } from "../tree-digest.ts";
import { medianOf } from "./transfers.ts";

const MIB = 1_048_576;
const KIB = 1_024;

/**
 * Bytes in front of the holes, between them and behind them, on no border of a piece: what is not written, or elsewhere, is noticed. The
 * third are at 1 GiB, and the last across 2 GiB, where an offset of 32 bits with a sign ends.
 */
const SPARSE_PARTS = [
  ...[3 * MIB + 1, { zeros: 509 * MIB + 11 }],
  ...[4 * MIB + 17, { zeros: 506 * MIB + 3 }],
  ...[5 * MIB + 5, { zeros: 1_018 * MIB + 7 }],
  8 * MIB + 13,
] as const;

const SPARSE: GamePlan = {
  id: "sparse",
  version: VERSION,
  archives: { "sparse.eti": { files: { "sparse.pak": { parts: SPARSE_PARTS } } } },
  seed: 800,
};

const MANY_FILES = 5_000;
const MANY: GamePlan = {
  id: "many",
  version: VERSION,
  archives: {},
  loose: Object.fromEntries(
    Array.from({ length: MANY_FILES }, (_, index) => [`d${index % 50}/file-${index}.dat`, 64 * KIB]),
  ),
  seed: 810,
};

/** Bytes of the one large file that many small ones are measured against: as many as theirs. */
const ONE_FILE: GamePlan = {
  id: "onefile",
  version: VERSION,
  archives: {},
  loose: { "one.dat": MANY_FILES * 64 * KIB },
  seed: 820,
};

/** What small files reach at least of the rate of one file. */
const SMALL_FILES_SHARE = 0.5;

/** How much faster than what the runner has measured the client may say that it was: votes, manifests and the last look are not in it. */
const MOST_OVER_MEASURED = 2;

/**
 * How often both rates are measured, one right behind the other, and how often where that is not enough to say: the median of the shares
 * counts. Others may want the machine in one half of a round and not in the other, so that a single one says nothing.
 */
const RATE_ROUNDS = 5;
const MOST_RATE_ROUNDS = 9;

/** MiB/s of one download as the client counts it, which is not taken on trust: its time has to be most of what went by. */
async function rateOf(client: StagePeer, { id, bytes }: KnownGame): Promise<number> {
  const operation = await client.download(id, { install: false });
  const startedAt = performance.now();
  const end = await operation.endsWith("download-finished");
  const measured = bytes / MIB / ((performance.now() - startedAt) / 1_000);
  const told = Number(end.data["mib_per_s"]);
  const text = `${id} came with ${told.toFixed(1)} MiB/s: ${measured.toFixed(1)} from the command to its end`;
  prove(told > 0 && told <= measured * MOST_OVER_MEASURED, text);
  return told;
}

/**
 * Has a downloaded game moved out of the games directory, and not removed: for minutes ext4 gives no number of a removed file to another
 * one, and looks at all of them for each new file, so that 5,000 files where 5,000 were removed a moment ago take seconds to make.
 */
async function moveAway(peer: StagePeer, id: string, to: string): Promise<void> {
  await rename(peer.path(id), to);
  await peer.until(`${id} to be gone`, async () => (await peer.game(id))?.downloaded !== true);
}

/** Much of everything. */
export const LARGE: readonly Scenario[] = [
  {
    id: "S37",
    cores: "all",
    async run(stage) {
      const { client, expected } = await withMadeGame(stage, SPARSE);
      const operation = await client.download("sparse", { install: false });
      const end = await operation.endsWith("download-finished");
      const compared = same(
        "sparse",
        expected,
        await digestTree(client.path("sparse"), { signal: stage.signal }),
      );
      prove(Number(end.data["bytes"]) > 2_048 * MIB, `over 2 GiB came: ${String(end.data["bytes"])} bytes`);
      return `${compared}; ${Number(end.data["mib_per_s"]).toFixed(1)} MiB/s`;
    },
  },
  {
    id: "S38",
    // No cable carries datagrams as large as those of 127.0.0.0/8: one large file gains by them, small ones do not.
    needs: ["lan"],
    cores: "all",
    // Ten downloads of 312 MiB, or up to eighteen, half of them in 5,000 files: some 20 s each where others want the processors, too.
    deadlineMs: 480_000,
    async run(stage) {
      const [client] = await Promise.all([
        stage.peer("client"),
        stage.peer("source", { games: [ONE_FILE, MANY] }),
      ]);
      const [oneFile, manyFiles] = [await stage.know(ONE_FILE), await stage.know(MANY)];
      const rounds: { readonly one: number; readonly many: number }[] = [];
      const share = (): number => medianOf(rounds.map(({ one, many }) => many / one));
      // Two more at a time: the median is that of an odd number.
      for (let most = RATE_ROUNDS; rounds.length < most; ) {
        if (rounds.length > 0) {
          for (const { id } of [ONE_FILE, MANY])
            await moveAway(client, id, join(stage.directory, `${id}-${rounds.length}`));
        }
        const one = await rateOf(client, oneFile);
        rounds.push({ one, many: await rateOf(client, manyFiles) });
        if (rounds.length === most && share() <= SMALL_FILES_SHARE && most < MOST_RATE_ROUNDS) most += 2;
      }
      const compared = await sameGame(manyFiles, client.path("many"));
      const told = rounds.map(({ one, many }) => `${many.toFixed(1)} of ${one.toFixed(1)}`).join(", ");
      const said = `${share().toFixed(2)} of the rate of one file of as many bytes, the median of ${told} MiB/s`;
      prove(share() > SMALL_FILES_SHARE, `over ${SMALL_FILES_SHARE} of it: ${said}`);
      return `${compared}; ${said}`;
    },
  },
  {
    id: "S48",
    cores: 2,
    deadlineMs: 480_000,
    async run(stage) {
      const plan: GamePlan = {
        id: "long",
        version: VERSION,
        archives: { "long.eti": { files: { "long.pak": 1_024 * MIB } } },
        seed: 830,
      };
      const { client, source, expected } = await withMadeGame(stage, plan);
      if (stage.hosts.isLan) source.host.cable.shape({ upMbit: KILLED_AT_MBIT });
      const bytes = [...expected.values()].reduce((sum, { size }) => sum + size, 0);
      const sentBytes = (): number => (stage.hosts.isLan ? source.host.cable.sentBytes() : 0);
      const sentBefore = sentBytes();
      const kills = Array.from({ length: KILLS }, () => 0.02 + 0.83 * Math.random()).sort((a, b) => a - b);
      for (const share of kills) {
        const operation = await client.download("long", { install: false });
        await operation.reaches(share);
        await client.kill();
        await client.start();
      }
      await (await client.download("long", { install: false })).endsWith("download-finished");
      const twice = bytesToldTwice(client) / bytes;
      const have = await digestTree(client.path("long"), { signal: stage.signal });
      const compared = same("long", expected, have);
      prove(twice <= MOST_TWICE, `at most 5 % came twice, not ${(twice * 100).toFixed(1)} %`);
      const onTheWire = (sentBytes() - sentBefore) / bytes;
      const sent = `${(onTheWire * 100).toFixed(1)} % of its bytes left the source`;
      prove(onTheWire <= 1 + FRAMING_SHARE + MOST_TWICE, `at most 5 % came twice: ${sent}`);
      const points = kills.map((share) => `${Math.round(share * 100)} %`).join(", ");
      const counted = stage.hosts.isLan ? `; ${sent}` : "";
      return `killed at ${points}; ${(twice * 100).toFixed(1)} % came twice${counted}; ${compared}`;
    },
  },
];

/**
 * Bytes of the pieces that all lives of a peer have told as fetched, each counted as often as it was told again. Of what was on its way at
 * a kill nothing was told: only what left the source shows that.
 */
function bytesToldTwice({ lives }: StagePeer): number {
  const seen = new Set<string>();
  let twice = 0;
  for (const { event, data } of lives.flatMap(({ harness }) => harness.events)) {
    if (event !== "download-chunk-finished") continue;
    const [path, offset, length] = [data["path"], Number(data["offset"]), Number(data["length"])];
    for (let at = offset; at < offset + length; at += MIB) {
      const piece = `${String(path)} ${at}`;
      if (seen.has(piece)) twice += Math.min(MIB, offset + length - at);
      seen.add(piece);
    }
  }
  return twice;
}

const KILLS = 10;
const MOST_TWICE = 0.05;

/**
 * What a kill throws away is what was on its way, as much as fits into some hundredths of a second of the link, and the pieces of which a
 * part had come: 1 to 3 MiB, the more the busier the machine. Ten times that is well below 5 % of a GiB, which takes 20 s without a kill.
 */
const KILLED_AT_MBIT = 400;

/** What goes out beside the bytes of the game, of these: headers of Ethernet, IP, UDP and QUIC. It was 3.2 % without a kill. */
const FRAMING_SHARE = 0.04;

/** A source whose game is made where it is: too large to be copied. What it consists of is read before any peer sees it. */
async function withMadeGame(
  stage: Stage,
  plan: GamePlan,
): Promise<{ readonly client: StagePeer; readonly source: StagePeer; readonly expected: TreeDigest }> {
  const source = await stage.peer("source", { start: false });
  await makeGame(plan, source.path(plan.id), stage.signal);
  const expected = await digestTree(source.path(plan.id), { signal: stage.signal });
  const client = await stage.peer("client");
  await source.start();
  await hasDigests(source, plan.id, { deadlineMs: OPERATION_DEADLINE_MS });
  equal("what it has", (await source.game(plan.id))?.downloaded, true);
  return { client, source, expected };
}
