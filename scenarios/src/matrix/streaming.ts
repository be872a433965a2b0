import { mkdir, readFile, writeFile } from "node:fs/promises";
import { ALIENSWARM, CNC4, CNCTW, VERSION } from "../library/games.ts";
import type { GamePlan } from "../library/make-game.ts";
import { makeSolidArchive } from "../library/solid-archive.ts";
import { entriesAre, present, same, sameInstall } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import type { Operation } from "../stage/operation.ts";
import { hasDigests, type Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { digestTree } from "../tree-digest.ts";
import { cast } from "./cast.ts";
import { breakHeader } from "./damage.ts";

const MIB = 1_048_576;
const UP_MBIT = 200;
/** Each time the broken source is asked first with a probability of one half. */
const MOST_TRIES = 20;
/** The last file of cnctw's archive that has bytes. */
const DAMAGED = "Data/Maps/official/map 1.big";

/** It streams for longer than to the first sample of the progress where no cable slows it, too. */
const LARGE: GamePlan = {
  ...ALIENSWARM,
  archives: { "alienswarm.eti": { files: { "swarm/pak01.vpk": 600 * MIB + 1, "swarm/swarm.exe": 700_001 } } },
};

/** Installs that store no archives. */
export const STREAMING: readonly Scenario[] = [
  {
    id: "S39",
    async run(stage) {
      const { client, sources, game } = await cast(stage, CNCTW);
      await (await stream(client, "cnctw")).endsWith("stream-install-finished");
      const line = await client.game("cnctw");
      const state = [line?.installed, line?.downloaded, line?.availability];
      equal("installed, downloaded, availability", state, [true, false, "local_only"]);
      await entriesAre(client.path("cnctw"), ["local"]);
      await present(client.path("cnctw", "local", "Profiles"));
      await sendsNothing(sources[0]);
      return `${await sameInstall(game, client.path("cnctw"))}; only local/, local_only; outbound 0`;
    },
  },
  {
    id: "S40",
    async run(stage) {
      const { client, sources } = await cast(stage, CNCTW);
      await (await stream(client, "cnctw")).endsWith("stream-install-finished");
      await sources[0].shutdown();
      const third = await stage.peer("third");
      await third.sees([client]);
      equal("who offers it", await third.offers("cnctw"), 0);
      await (await third.begin({ cmd: "download", game_id: "cnctw" })).endsWith("no-peers-have-game");
      equal(
        "a stream",
        await third.refuses({ cmd: "stream-install", game_id: "cnctw" }),
        "no-peers-have-game",
      );
      await entriesAre(third.games, []);
      return "peer_count 0; download and stream-install: no-peers-have-game; nothing made";
    },
  },
  {
    id: "S41",
    async run(stage) {
      const source = await stage.peer("source", { start: false });
      await mkdir(source.path("solid"));
      const expected = await makeSolidArchive(source.path("solid", "solid.eti"));
      await writeFile(source.path("solid", "version.ini"), VERSION);
      await source.start();
      await hasDigests(source, "solid");
      const client = await stage.peer("client");
      await client.isOffered("solid", 1);
      await (await stream(client, "solid")).endsWith("stream-install-finished");
      const local = await digestTree(client.path("solid", "local"));
      await sendsNothing(source);
      return same(`solid/local (${[...local.keys()].join(", ")})`, expected, local);
    },
  },
  {
    id: "S42",
    async run(stage) {
      const { client, sources, game } = await cast(stage, CNCTW, { sources: 2 });
      const [broken] = sources;
      await breakHeader(broken, broken.path("cnctw", "cnctw.eti"));
      for (let tries = 1; tries <= MOST_TRIES; tries++) {
        const end = await (await stream(client, "cnctw")).endsWith("stream-install-finished");
        const compared = await sameInstall(game, client.path("cnctw"));
        await entriesAre(client.path("cnctw"), ["local"]);
        const failed = (end.data["struck_out"] ?? []) as readonly { readonly peer_id: string }[];
        if (failed.length > 0) {
          equal(
            "who failed",
            failed.map(({ peer_id }) => peer_id),
            [broken.peerId],
          );
          return `the broken source was asked first, the other completed; ${compared}; no staging`;
        }
        await (await client.begin({ cmd: "uninstall", game_id: "cnctw" })).endsWith("uninstall-finished");
        await client.isOffered("cnctw", 2);
      }
      throw new Error(`the broken source was never asked first in ${MOST_TRIES} tries`);
    },
  },
  {
    id: "S43",
    async run(stage) {
      const { client, game } = await cast(stage, CNCTW);
      await (await client.download("cnctw")).endsWith("install-finished");
      const code = await client.refuses({ cmd: "stream-install", game_id: "cnctw" });
      equal("a stream of what is installed", code, "already-installed");
      return `already-installed; ${await sameInstall(game, client.path("cnctw"))}`;
    },
  },
  {
    id: "S44",
    async run(stage) {
      const { files } = CNCTW.archives["cnctw.eti"] ?? { files: {} };
      const corrupt: GamePlan = { ...CNCTW, archives: { "cnctw.eti": { files, damaged: true } } };
      const { client, sources } = await cast(stage, corrupt);
      const [{ host }] = sources;
      const sentBefore = stage.hosts.isLan ? host.cable.sentBytes() : 0;
      const end = await (await stream(client, "cnctw")).endsWith("stream-install-failed");
      // The file before the damaged one has come: there is something to roll back.
      const sent = stage.hosts.isLan ? host.cable.sentBytes() - sentBefore : MIB;
      prove(sent >= MIB, `a part of the archive was sent: ${sent} bytes`);
      const message = String(end.data["message"]);
      equal("the reason", end.data["code"], "stream-failed");
      for (const name of [sources[0].peerId, "cnctw.eti", DAMAGED, "checksum"]) {
        prove(message.includes(name), `the message names ${name}: ${message}`);
      }
      await entriesAre(client.games, []);
      equal("installed", (await client.game("cnctw"))?.installed ?? false, false);
      await sendsNothing(sources[0]);
      return `stream-failed: ${message}; nothing left`;
    },
  },
  {
    id: "S45",
    cores: 0.5,
    deadlineMs: 240_000,
    async run(stage) {
      const { client, sources, game } = await cast(stage, longStream(stage), { sources: 2, upMbit: UP_MBIT });
      const first = await stream(client, "alienswarm");
      await inMidStream(first);
      const sender = await senderOf(sources, "alienswarm");
      await sender.kill();
      const { data } = await first.endsWith("stream-install-finished");
      const failed = (data["struck_out"] ?? []) as readonly { readonly peer_id: string }[];
      equal(
        "who failed",
        failed.map(({ peer_id }) => peer_id),
        [sender.peerId],
      );
      const compared = await sameInstall(game, client.path("alienswarm"));
      await entriesAre(client.path("alienswarm"), ["local"]);
      await (await client.begin({ cmd: "uninstall", game_id: "alienswarm" })).endsWith("uninstall-finished");
      const second = await stream(client, "alienswarm");
      await inMidStream(second);
      await (await senderOf(sources, "alienswarm")).kill();
      const end = await second.endsWith("stream-install-failed");
      equal("the reason", end.data["code"], "stream-failed");
      await entriesAre(client.games, []);
      return `completed from the other: ${compared}; without another: stream-failed, rolled back`;
    },
  },
  {
    id: "S46",
    async run(stage) {
      const { client, sources } = await cast(stage, longStream(stage), { upMbit: UP_MBIT });
      const operation = await stream(client, "alienswarm");
      await inMidStream(operation);
      await client.send({ cmd: "cancel-download", game_id: "alienswarm" });
      await operation.endsWith("download-cancelled");
      await entriesAre(client.games, []);
      await sendsNothing(sources[0]);
      return "rolled back, the games directory is empty; the sender's outbound count is 0";
    },
  },
  {
    id: "S47",
    async run(stage) {
      const { client, game } = await cast(stage, CNC4);
      await (await stream(client, "cnc4")).endsWith("stream-install-finished");
      await entriesAre(client.path("cnc4"), ["local"]);
      const compared = await sameInstall(game, client.path("cnc4"));
      // What is in both archives shows which one came last.
      const both: GamePlan = {
        id: "both",
        version: VERSION,
        archives: {
          "b.eti": { files: { "which.txt": "the second\n" } },
          "a.eti": { files: { "which.txt": "the first\n", "data.bin": 100_000 } },
        },
        seed: 850,
      };
      const source = await stage.peer("another", { games: [both] });
      await client.isOffered("both", 1);
      await (await stream(client, "both")).endsWith("stream-install-finished");
      equal(
        "the last one",
        await readFile(client.path("both", "local", "which.txt"), "utf8"),
        "the second\n",
      );
      await entriesAre(client.path("both"), ["local"]);
      await sendsNothing(source);
      return `${compared}; a.eti before b.eti; only local/ was made`;
    },
  },
];

function stream(client: StagePeer, gameId: string): Promise<Operation> {
  return client.begin({ cmd: "stream-install", game_id: gameId });
}

function longStream({ hosts }: Stage): GamePlan {
  return hosts.isLan ? ALIENSWARM : LARGE;
}

/** Waits until a part of a stream has come, and not all of it. */
async function inMidStream(operation: Operation): Promise<void> {
  const { data } = await operation.progresses();
  prove(Number(data["done_bytes"]) < Number(data["total_bytes"]), "the stream has not come to its end");
}

/** Whoever sends a game now. */
async function senderOf(sources: readonly StagePeer[], gameId: string): Promise<StagePeer> {
  for (const source of sources) {
    if (!source.isRunning) continue;
    const { outbound_transfers } = await source.status();
    if ((outbound_transfers[gameId] ?? 0) > 0) return source;
  }
  throw new Error(`nobody sends ${gameId}`);
}

async function sendsNothing(peer: StagePeer): Promise<void> {
  await peer.until(`${peer.name} sends nothing`, async () => {
    const { outbound_transfers } = await peer.status();
    return Object.values(outbound_transfers).every((count) => count === 0);
  });
}
