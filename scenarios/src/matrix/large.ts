import { rename } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes } from "lanspread";
import { VERSION } from "../library/games.ts";
import { type GamePlan, makeGame } from "../library/make-game.ts";
import { same, sameGame } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import { hasDigests, type Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { digestTree } from "../tree-digest.ts";
import { cast } from "./cast.ts";

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

/** How often both rates are measured: the best of each counts, since the first time compiles and others may want the machine. */
const RATE_ROUNDS = 4;

/** MiB/s of one download. */
async function rateOf(client: StagePeer, { id }: GamePlan): Promise<number> {
  const operation = await client.download(id, { install: false });
  const end = await operation.endsWith("download-finished");
  return Number(end.data["mib_per_s"]);
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
      const { client, source } = await withMadeGame(stage, SPARSE);
      const operation = await client.download("sparse", { install: false });
      const end = await operation.endsWith("download-finished");
      const expected = await digestTree(source.path("sparse"), { signal: stage.signal });
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
    // Eight downloads of 312 MiB, half of them in 5,000 files: some 20 s each where others want the processors, too.
    deadlineMs: 240_000,
    async run(stage) {
      const [client] = await Promise.all([
        stage.peer("client"),
        stage.peer("source", { games: [ONE_FILE, MANY] }),
      ]);
      const rounds: { readonly one: number; readonly many: number }[] = [];
      while (rounds.length < RATE_ROUNDS) {
        if (rounds.length > 0) {
          for (const { id } of [ONE_FILE, MANY])
            await moveAway(client, id, join(stage.directory, `${id}-${rounds.length}`));
        }
        const one = await rateOf(client, ONE_FILE);
        rounds.push({ one, many: await rateOf(client, MANY) });
      }
      const compared = await sameGame(await stage.know(MANY), client.path("many"));
      const one = Math.max(...rounds.map((round) => round.one));
      const many = Math.max(...rounds.map((round) => round.many));
      const ratios = rounds.map((round) => (round.many / round.one).toFixed(2)).join(", ");
      const rates = `${many.toFixed(1)} MiB/s, one file of as many bytes ${one.toFixed(1)} MiB/s (${(many / one).toFixed(2)})`;
      const said = `${rates}: the best of ${RATE_ROUNDS} rounds with ${ratios}`;
      prove(many > one * SMALL_FILES_SHARE, `over ${SMALL_FILES_SHARE} of the rate of one file: ${said}`);
      return `${compared}; ${said}`;
    },
  },
  {
    id: "S48",
    cores: 2,
    deadlineMs: 240_000,
    async run(stage) {
      const plan: GamePlan = {
        id: "half",
        version: VERSION,
        archives: { "half.eti": { files: { "half.pak": 512 * MIB } } },
        seed: 830,
      };
      const { client, sources, game } = await cast(stage, plan, { upMbit: 600 });
      const sentBytes = (): number => (stage.hosts.isLan ? sources[0].host.cable.sentBytes() : 0);
      const sentBefore = sentBytes();
      const kills = Array.from({ length: KILLS }, () => 0.02 + 0.93 * Math.random()).sort((a, b) => a - b);
      for (const share of kills) {
        const operation = await client.download("half", { install: false });
        await operation.reaches(share);
        await client.kill();
        await client.start();
      }
      await (await client.download("half", { install: false })).endsWith("download-finished");
      const twice = bytesToldTwice(client) / game.bytes;
      const compared = await sameGame(game, client.path("half"));
      prove(twice <= MOST_TWICE, `at most 5 % came twice, not ${(twice * 100).toFixed(1)} %`);
      const sent = sentBytes() - sentBefore;
      const most = game.bytes * (1 + FRAMING_SHARE + MOST_TWICE) + KILLS * LOST_BY_A_KILL_BYTES;
      prove(sent <= most, `at most ${formatBytes(most)} left the source, not ${formatBytes(sent)}`);
      const points = kills.map((share) => `${Math.round(share * 100)} %`).join(", ");
      const onTheWire = stage.hosts.isLan ? `; ${formatBytes(sent)} left the source` : "";
      return `killed at ${points}; ${(twice * 100).toFixed(1)} % came twice${onTheWire}; ${compared}`;
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
 * What a kill throws away at most beside that: what was on its way, and the pieces of which a part had come. It was 3 to 6 MiB, the more
 * the busier the machine; it is some 10 where nothing counts of the units that were in flight.
 */
const LOST_BY_A_KILL_BYTES = 6 * MIB;

/** What goes out beside the bytes of the game, of these: headers of Ethernet, IP, UDP and QUIC. It was 3.2 % without a kill. */
const FRAMING_SHARE = 0.04;

/** A source whose game is made where it is: too large to be copied. */
async function withMadeGame(
  stage: Stage,
  plan: GamePlan,
): Promise<{ readonly client: StagePeer; readonly source: StagePeer }> {
  const source = await stage.peer("source", { start: false });
  await makeGame(plan, source.path(plan.id), stage.signal);
  const client = await stage.peer("client");
  await source.start();
  await hasDigests(source, plan.id);
  equal("what it has", (await source.game(plan.id))?.downloaded, true);
  return { client, source };
}
