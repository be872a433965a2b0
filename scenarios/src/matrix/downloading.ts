import { join } from "node:path";
import { formatBytes } from "lanspread";
import type { HarnessEvent } from "../harness-process.ts";
import { ALIENSWARM, BF1942, BFBC2, BRAVO, CNCTW, GGOO, VERSION } from "../library/games.ts";
import { absent, entriesAre, present, sameGame, sameInstall } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { cast } from "./cast.ts";
import { bytesFrom, chunkBytesFrom, idsIn, percent } from "./transfers.ts";

const MIB = 1_048_576;

/** Downloads that nothing stands in the way of, and those that are refused before a byte has come. */
export const DOWNLOADING: readonly Scenario[] = [
  {
    id: "S4",
    async run(stage) {
      const { client, game } = await cast(stage, BFBC2);
      const operation = await client.download("bfbc2", { install: false });
      await operation.endsWith("download-finished");
      equal("the order of events", milestones(operation.events), MILESTONES);
      const compared = await sameGame(game, client.path("bfbc2"));
      await absent(client.path("bfbc2", "local"));
      return `${compared}; no local/`;
    },
  },
  {
    id: "S5",
    async run(stage) {
      const { client, game } = await cast(stage, CNCTW);
      const operation = await client.download("cnctw");
      await operation.endsWith("install-finished");
      const line = await client.game("cnctw");
      equal("downloaded and installed", [line?.downloaded, line?.installed], [true, true]);
      await sameGame(game, client.path("cnctw"));
      await present(client.path("cnctw", "local", "Profiles"));
      return sameInstall(game, client.path("cnctw"));
    },
  },
  {
    id: "S6",
    async run(stage) {
      const { client, game } = await cast(stage, BFBC2);
      await (await client.download("bfbc2", { install: false })).endsWith("download-finished");
      const local = client.path("bfbc2", "local");
      await (await client.begin({ cmd: "install", game_id: "bfbc2" })).endsWith("install-finished");
      const installed = await sameInstall(game, client.path("bfbc2"));
      await sameGame(game, client.path("bfbc2"));
      await (await client.begin({ cmd: "uninstall", game_id: "bfbc2" })).endsWith("uninstall-finished");
      await absent(local);
      await sameGame(game, client.path("bfbc2"));
      equal("installed", (await client.game("bfbc2"))?.installed, false);
      return `${installed}; gone after uninstall, the root's files equal before and after`;
    },
  },
  {
    id: "S7",
    cores: 2,
    async run(stage) {
      const { client, sources, game } = await cast(stage, GGOO, { sources: 2 });
      const operation = await client.download("ggoo", { install: false });
      const end = await operation.endsWith("download-finished");
      const agreed = operation.events.filter(({ event }) => event === "got-game-files");
      equal("agreements on the metadata", agreed.length, 1);
      equal(
        "sources of the metadata",
        idsIn(agreed[0], "sources"),
        sources.map(({ peerId }) => peerId).sort(),
      );
      const bytes = sources.map(({ peerId }) => bytesFrom(end, peerId));
      prove(
        bytes.every((from) => from > 0),
        `both sources were used, not ${bytes.join(" and ")} bytes`,
      );
      return `${await sameGame(game, client.path("ggoo"))}; ${bytes.map(formatBytes).join(" and ")}`;
    },
  },
  {
    id: "S8",
    async run(stage) {
      const other = { ...CNCTW, loose: { "serial.txt": "one that is longer\n" } };
      const [client] = await Promise.all([
        stage.peer("client"),
        stage.peer("source-1", { games: [CNCTW] }),
        stage.peer("source-2", { games: [other] }),
      ]);
      await client.isOffered("cnctw", 2);
      const end = await (await client.download("cnctw")).endsWith("download-failed");
      equal("the reason", end.data["code"], "ambiguous-metadata");
      await entriesAre(client.games, []);
      const noted = join(client.state, "games", "cnctw");
      await absent(join(noted, "download.json"), join(noted, "pieces"));
      return "ambiguous-metadata; the games directory is empty, and no journal is left";
    },
  },
  {
    id: "S9",
    async run(stage) {
      const [client, bravo] = await Promise.all([
        stage.peer("client"),
        stage.peer("bravo", { games: BRAVO }),
      ]);
      await client.sees([bravo]);
      const operation = await client.begin({ cmd: "download", game_id: "nobodyhasit" });
      await operation.endsWith("no-peers-have-game");
      await entriesAre(client.games, []);
      return "no-peers-have-game; the games directory is empty";
    },
  },
  {
    id: "S13",
    cores: 2,
    async run(stage) {
      const [client] = await Promise.all([
        stage.peer("client"),
        stage.peer("alpha", { games: [ALIENSWARM] }),
        stage.peer("bravo", { games: [BFBC2] }),
      ]);
      const compared = await Promise.all(
        [BFBC2, ALIENSWARM].map(async (plan) => {
          await (await client.download(plan.id, { install: false })).endsWith("download-finished");
          return sameGame(await stage.know(plan), client.path(plan.id));
        }),
      );
      return compared.join("; ");
    },
  },
  {
    id: "S14",
    cores: 2,
    async run(stage) {
      const plan = {
        id: "quarter",
        version: VERSION,
        archives: { "quarter.eti": { files: { "a.pak": 200 * MIB, "b.pak": 56 * MIB } } },
        seed: 700,
      };
      const { client, sources, game } = await cast(stage, plan, { sources: 2, upMbit: 400 });
      const sentBefore = bytesOnTheWire(stage, sources);
      const operation = await client.download("quarter", { install: false });
      await operation.endsWith("download-finished");
      const sentAfter = bytesOnTheWire(stage, sources);
      const compared = await sameGame(game, client.path("quarter"));
      const shares = sources.map(({ peerId }) => chunkBytesFrom(operation.events, peerId) / game.bytes);
      prove(
        shares.every((share) => share >= 0.25),
        `each source sent at least 25 %, not ${shares.map(percent).join(" and ")}`,
      );
      // What the client says of its sources is what left them.
      for (const [index, after] of sentAfter.entries()) {
        const sent = after - (sentBefore[index] ?? 0);
        const told = (shares[index] ?? 0) * game.bytes;
        prove(
          sent >= told,
          `${sources[index]?.name} sent ${formatBytes(told)}: ${formatBytes(sent)} left it`,
        );
      }
      return `${compared}; ${shares.map(percent).join(" and ")} of the bytes`;
    },
  },
  {
    id: "S30",
    cores: 2,
    async run(stage) {
      const plans = [BF1942, BFBC2, CNCTW];
      const [client, source] = await Promise.all([
        stage.peer("client"),
        stage.peer("source", { games: plans }),
      ]);
      if (stage.hosts.isLan) source.host.cable.shape({ upMbit: 100 });
      for (const { id } of plans) await client.isOffered(id, 1);
      const operations = await Promise.all(
        plans.map(({ id }) => client.begin({ cmd: "download", game_id: id })),
      );
      await Promise.all(operations.map((operation) => operation.endsWith("install-finished")));
      const { events } = client.harness;
      const begun = events.findLastIndex(({ event }) => event === "download-begin");
      const finished = events.findIndex(({ event }) => event === "download-finished");
      equal("downloads begun", events.filter(({ event }) => event === "download-begin").length, plans.length);
      prove(begun < finished, "each has begun before one of them is finished");
      for (const [index, plan] of plans.entries()) {
        const game = await stage.know(plan);
        const progress = operations[index]?.events.filter(({ event }) => event === "download-progress") ?? [];
        const done = progress.map(({ data }) => Number(data["done_bytes"]));
        equal(`first and last progress of ${plan.id}`, [done[0], done.at(-1)], [0, game.bytes]);
        prove(
          done.every((bytes, at) => bytes >= (done[at - 1] ?? 0)),
          `progress of ${plan.id} only grows: ${done.join(", ")}`,
        );
        equal(
          `totals of ${plan.id}`,
          new Set(progress.map(({ data }) => data["total_bytes"])),
          new Set([game.bytes]),
        );
        await sameGame(game, client.path(plan.id));
        await sameInstall(game, client.path(plan.id));
      }
      return "three games downloaded and installed at once, each with progress from 0 to its own total";
    },
  },
  {
    id: "S31",
    async run(stage) {
      const { client, game } = await cast(stage, ALIENSWARM, { upMbit: 400 });
      const operation = await client.download("alienswarm", { install: false });
      await operation.reaches(0.1);
      const commands = ["download", "install", "uninstall", "remove-download", "stream-install"];
      for (const cmd of commands) {
        equal(
          `${cmd} of a busy game`,
          await client.refuses({ cmd, game_id: "alienswarm" }),
          "operation-in-progress",
        );
      }
      await operation.endsWith("download-finished");
      return `operation-in-progress, ${commands.length} times; ${await sameGame(game, client.path("alienswarm"))}`;
    },
  },
  {
    id: "S32",
    cores: 3,
    async run(stage) {
      const { client, sources, game } = await cast(stage, GGOO, { upMbit: 800 });
      const [source] = sources;
      const others = await Promise.all(["two", "three", "four", "five"].map((name) => stage.peer(name)));
      const clients = [client, ...others];
      for (const peer of clients) await peer.isOffered("ggoo", 1);
      const operations = await Promise.all(
        clients.map((peer) => peer.begin({ cmd: "download", game_id: "ggoo", install: false })),
      );
      const outbound = async () => (await source.status()).outbound_transfers["ggoo"] ?? 0;
      const counted = await source.until(
        "answers are counted at the source",
        async () => (await outbound()) || false,
      );
      await Promise.all(operations.map((operation) => operation.endsWith("download-finished")));
      for (const peer of clients) await sameGame(game, peer.path("ggoo"));
      await source.until("the source's outbound count is 0", async () => (await outbound()) === 0);
      return `five clients have ${formatBytes(game.bytes)} each, equal; outbound count ${counted} meanwhile, then 0`;
    },
  },
];

/** What has left each host so far; nothing is known of it where there are no cables. */
function bytesOnTheWire({ hosts }: Stage, peers: readonly StagePeer[]): readonly number[] {
  return hosts.isLan ? peers.map(({ host }) => host.cable.sentBytes()) : [];
}

const MILESTONES = [
  "active-operations-changed",
  "got-game-files",
  "download-begin",
  "local-library-changed",
  "active-operations-changed",
  "download-finished",
];

/** The events that an orderly download consists of, without what comes many times in between. */
function milestones(events: readonly HarnessEvent[]): readonly string[] {
  return events.map(({ event }) => event).filter((name) => MILESTONES.includes(name));
}
