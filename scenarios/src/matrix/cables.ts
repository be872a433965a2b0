import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { formatDuration } from "lanspread";
import { connectByRelay } from "../hosts/relay.ts";
import { timeOfRsync } from "../hosts/rsync.ts";
import type { KnownGame } from "../library/fixtures.ts";
import { ALIENSWARM, CNCTW, VERSION } from "../library/games.ts";
import { sameGame } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import { listenIn } from "../raw/listener.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { cast } from "./cast.ts";
import { medianOf, percent } from "./transfers.ts";

const MIB = 1_048_576;
const BITS_PER_BYTE = 8;
const LINK_DOWN_MS = 10_000;

/** Cables that are slow, cut, or lead into two networks. */
export const CABLES: readonly Scenario[] = [
  {
    id: "S54",
    needs: ["lan"],
    cores: "all",
    async run(stage) {
      const plan = {
        id: "rush",
        version: VERSION,
        archives: { "rush.eti": { files: { "rush.pak": 24 * MIB } } },
        seed: 840,
      };
      const source = await stage.peer("source", { games: [plan] });
      const names = Array.from({ length: RECEIVERS }, (_, index) => `receiver-${index + 1}`);
      const receivers = await Promise.all(names.map((name) => stage.peer(name)));
      for (const { host } of [source, ...receivers])
        host.cable.shape({ upMbit: RATE_MBIT, downMbit: RATE_MBIT });
      for (const peer of receivers) await peer.isOffered("rush", 1);
      const game = await stage.know(plan);
      const startedAt = performance.now();
      const operations = await Promise.all(
        receivers.map((peer) => peer.begin({ cmd: "download", game_id: "rush", install: false })),
      );
      await Promise.all(operations.map((operation) => operation.endsWith("download-finished")));
      const seconds = (performance.now() - startedAt) / 1_000;
      for (const peer of receivers) await sameGame(game, peer.path("rush"));
      const perSecond = (RATE_MBIT * 1_000_000) / BITS_PER_BYTE;
      const all = perSecond * (1 + RECEIVERS);
      const bound = Math.max(game.bytes / perSecond, (RECEIVERS * game.bytes) / all);
      return `${RECEIVERS} receivers in ${seconds.toFixed(1)} s, the bound is ${bound.toFixed(1)} s (${(seconds / bound).toFixed(1)} times)`;
    },
  },
  {
    id: "S55",
    needs: ["lan"],
    async run(stage) {
      const { hosts } = stage;
      const [east, west] = [hosts.lan, hosts.addLan()];
      const host = hosts.addHost("both", [east, west]);
      // They hear what is announced at the start, and ask again and again.
      const listeners = [east, west].map((lan) => [lan, listenIn(stage, lan)] as const);
      const [both, inEast, inWest] = await Promise.all([
        stage.peer("both", { games: [CNCTW], host }),
        stage.peer("east", { lans: [east] }),
        stage.peer("west", { lans: [west] }),
      ]);
      for (const [peer, lan] of [
        [inEast, east],
        [inWest, west],
      ] as const) {
        await peer.isOffered("cnctw", 1);
        const listed = (await peer.listPeers()).map(({ peer_id, addr }) => [peer_id, addr.split(":")[0]]);
        equal(`whom ${peer.name} sees, and where`, listed, [[both.peerId, host.addressIn(lan)]]);
        await (await peer.download("cnctw", { install: false })).endsWith("download-finished");
        await sameGame(await stage.know(CNCTW), peer.path("cnctw"));
      }
      await both.sees([inEast, inWest]);
      for (const [lan, listener] of listeners) {
        const said = await listener.addressesOf(both);
        equal(`addresses in the records in ${lan.subnet}.0/24`, said, [host.addressIn(lan)]);
      }
      return `records with ${host.addressIn(east)} alone in one LAN, with ${host.addressIn(west)} alone in the other; downloads in both`;
    },
  },
  {
    id: "S56",
    needs: ["lan"],
    cores: 0.5,
    async run(stage) {
      const { client, sources, game } = await cast(stage, ALIENSWARM, { upMbit: 200 });
      const operation = await client.download("alienswarm", { install: false });
      await operation.reaches(0.3);
      const { cable } = sources[0].host;
      cable.setLink("down");
      // The time that the row speaks of: nothing is waited for.
      await delay(LINK_DOWN_MS, undefined, { signal: stage.signal });
      cable.setLink("up");
      const upAt = Date.now();
      const end = await operation.endsWith("download-finished");
      prove(end.time > upAt, "the download did not end while the link was down");
      const compared = await sameGame(game, client.path("alienswarm"));
      return `${compared}; finished ${formatDuration((end.time - upAt) / 1_000)} after the link was up`;
    },
  },
  {
    id: "S57",
    needs: ["lan"],
    cores: "all",
    deadlineMs: 240_000,
    async run(stage) {
      const said: string[] = [];
      for (const loss of LOSSES) {
        const [near, far] = [stage.hosts.addLan(), stage.hosts.addLan()];
        const name = percent(loss).replace(" %", "");
        const [client, source] = await Promise.all([
          stage.peer(`client-${name}`, { lans: [near] }),
          stage.peer(`source-${name}`, { lans: [far], games: [LOSSY_GAME] }),
        ]);
        const relay = await connectByRelay(
          stage,
          [
            { peer: client, lan: near },
            { peer: source, lan: far },
          ],
          loss,
        );
        await client.send({ cmd: "connect", addr: source.addr });
        const end = await (await client.download("lossy", { install: false })).endsWith("download-finished");
        const compared = await sameGame(await stage.know(LOSSY_GAME), client.path("lossy"));
        const { seen, lost } = await relay.counts();
        const share = lost / seen;
        prove(
          share >= loss * LEAST_OF_LOSS && share <= loss * MOST_OF_LOSS,
          `${percent(loss)} of the datagrams are lost: ${lost} of ${seen}`,
        );
        const rate = `${Number(end.data["mib_per_s"]).toFixed(1)} MiB/s`;
        said.push(`${percent(loss)} (${lost} of ${seen} datagrams): ${rate}, ${compared}`);
        await Promise.all([client, source].map((peer) => peer.shutdown()));
      }
      return said.join("; ");
    },
  },
  {
    id: "S58",
    needs: ["lan", "rsync"],
    cores: "all",
    deadlineMs: 240_000,
    async run(stage) {
      const said: string[] = [];
      for (const { mbit, least } of SHAPED) {
        const { client, sources, game } = await cast(stage, LINK_GAME, { suffix: `-${mbit}` });
        const pair = { client, source: sources[0], game };
        await stage.place(WARM_UP_GAME, pair.source.games);
        await client.isOffered(WARM_UP_GAME.id, 1);
        for (const { host } of [pair.source, client]) host.cable.shape({ upMbit: mbit });
        await shareOfRsync(stage, { ...pair, game: await stage.know(WARM_UP_GAME) }, `warm-up-${mbit}`);
        const shares: number[] = [];
        for (let round = 1; round <= SHAPED_ROUNDS; round++) {
          const { share, text } = await shareOfRsync(stage, pair, `rsync-${mbit}-${round}`);
          shares.push(share);
          said.push(`${mbit} Mbit/s: ${text}`);
          await removeDownload(client);
        }
        await Promise.all([client, pair.source].map((peer) => peer.shutdown()));
        const share = medianOf(shares);
        said.push(`${mbit} Mbit/s: the median is ${percent(share)}`);
        prove(share >= least, `at least ${percent(least)} of rsync at ${mbit} Mbit/s: ${said.join("; ")}`);
      }
      return said.join("; ");
    },
  },
];

interface Pair {
  readonly client: StagePeer;
  readonly source: StagePeer;
  readonly game: KnownGame;
}

/**
 * Copies the files of a game with rsync and downloads them over the same link; what share of rsync's rate that was. Both are timed from
 * the command to its end: rsync's from the start of its process, the download's with everything that comes before the first byte.
 */
async function shareOfRsync(
  stage: Stage,
  { client, source, game }: Pair,
  work: string,
): Promise<{ readonly share: number; readonly text: string }> {
  const rsyncMs = await timeOfRsync({
    ...{ from: source.host, to: client.host, source: source.path(game.id), env: stage.env },
    ...{ work: join(stage.directory, work), signal: stage.signal },
  });
  const cpuBefore = await cpuSeconds(source, client);
  const startedAt = performance.now();
  const download = await client.begin({ cmd: "download", game_id: game.id, install: false });
  await download.endsWith("download-finished");
  const ownMs = performance.now() - startedAt;
  const cpu = (await cpuSeconds(source, client)) - cpuBefore;
  await sameGame(game, client.path(game.id));
  const share = rsyncMs / ownMs;
  const rateIn = (ms: number): string => (game.bytes / MIB / (ms / 1_000)).toFixed(1);
  const text =
    `${rateIn(ownMs)} MiB/s, rsync ${rateIn(rsyncMs)} (${percent(share)}), ` +
    `${cpu.toFixed(1)} s of CPU on both sides`;
  return { share, text };
}

async function removeDownload(client: StagePeer): Promise<void> {
  await (await client.begin({ cmd: "remove-download", game_id: "link" })).endsWith("remove-finished");
}

/** Links of a day, Mbit/s, and the share of rsync's rate that is asked for. */
const SHAPED = [
  { mbit: 100, least: 0.92 },
  { mbit: 1_000, least: 0 },
] as const;

/**
 * How often both are measured, behind a copy that only warms up: the first download of a process starts its threads and compiles, which
 * rsync does not. The median counts.
 */
const SHAPED_ROUNDS = 3;

/** Of the datagrams, each way. */
const LOSSES = [0.01, 0.05];

/** Between which shares of that the loss has to lie: of some 25,000 datagrams, four in five times less would be far outside of chance. */
const LEAST_OF_LOSS = 0.5;
const MOST_OF_LOSS = 1.5;

const LOSSY_GAME = {
  id: "lossy",
  version: VERSION,
  archives: { "lossy.eti": { files: { "lossy.pak": 32 * MIB } } },
  seed: 880,
};

const WARM_UP_GAME = {
  id: "warmup",
  version: VERSION,
  archives: { "warmup.eti": { files: { "warmup.pak": 16 * MIB } } },
  seed: 875,
};

const LINK_GAME = {
  id: "link",
  version: VERSION,
  archives: { "link.eti": { files: { "link.pak": 96 * MIB } } },
  seed: 870,
};

/** Kernel's clock ticks per second, as /proc counts them: 100 on every Linux of today. */
const TICKS_PER_SECOND = 100;

/** Processor time that the processes of these peers have used so far, user and system, all threads. */
async function cpuSeconds(...peers: readonly StagePeer[]): Promise<number> {
  const ticks = await Promise.all(
    peers.map(async ({ harness }) => {
      const text = await readFile(`/proc/${harness.pid}/stat`, "utf8");
      // proc(5): the fields behind the name in parentheses; utime and stime are the 14th and 15th of all.
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return Number(fields[11]) + Number(fields[12]);
    }),
  );
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

const RECEIVERS = 7;
const RATE_MBIT = 100;
