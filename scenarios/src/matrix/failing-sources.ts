import { ALIENSWARM } from "../library/games.ts";
import { absent, present, sameGame } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import { cast } from "./cast.ts";
import { cutInHalf, flipBits } from "./damage.ts";
import { bytesFrom, idsIn, percent } from "./transfers.ts";

/** Mbit/s of each source: a second or more of download for something to happen in the middle. */
const UP_MBIT = 300;

/** Sources that die, lie, or are no source. */
export const FAILING_SOURCES: readonly Scenario[] = [
  {
    id: "S10",
    async run(stage) {
      const { client, sources, game } = await cast(stage, ALIENSWARM, { sources: 2, upMbit: UP_MBIT });
      const [victim, survivor] = sources;
      if (survivor === undefined) throw new Error("there is no second source");
      const operation = await client.download("alienswarm", { install: false });
      await operation.reaches(0.3);
      await victim.kill();
      const killedAt = Date.now();
      const end = await operation.endsWith("download-finished");
      prove(end.time > killedAt, "the download went on when one of its sources was dead");
      const [before, after] = [victim, survivor].map(({ peerId }) => bytesFrom(end, peerId));
      prove((before ?? 0) > 0, "the victim was a source until it was killed");
      prove((after ?? 0) > 0, "the survivor sent something");
      const shares = [before, after].map((bytes = 0) => percent(bytes / game.bytes));
      return `${await sameGame(game, client.path("alienswarm"))}; ${shares.join(" from the victim, ")} from the survivor`;
    },
  },
  {
    id: "S11",
    cores: 0.5,
    async run(stage) {
      const { client, sources, game } = await cast(stage, ALIENSWARM, { upMbit: UP_MBIT });
      const [source] = sources;
      const root = client.path("alienswarm");
      const first = await client.download("alienswarm", { install: false });
      await first.reaches(0.3);
      await source.kill();
      await first.endsWith("download-peers-gone");
      await absent(`${root}/version.ini`);
      await present(`${root}/alienswarm.eti`);
      equal("downloaded", (await client.game("alienswarm"))?.downloaded ?? false, false);
      await source.start();
      const second = await client.download("alienswarm", { install: false });
      const end = await second.endsWith("download-finished");
      const fetched = bytesFrom(end, source.peerId);
      const compared = await sameGame(game, root);
      prove(
        fetched > 0 && fetched <= game.bytes * 0.9,
        `the second download goes on where the first was: it fetched ${percent(fetched / game.bytes)}`,
      );
      return `no sentinel in between; ${percent(fetched / game.bytes)} fetched after the source was back; ${compared}`;
    },
  },
  {
    id: "S16",
    async run(stage) {
      const older = { ...ALIENSWARM, version: "20230101", seed: 250 };
      const [client, old, ...current] = await Promise.all([
        stage.peer("client"),
        stage.peer("old", { games: [older] }),
        ...["one", "two"].map((name) => stage.peer(name, { games: [ALIENSWARM] })),
      ]);
      await client.sees([old, ...current]);
      await client.isOffered("alienswarm", 2);
      const sentBefore = stage.hosts.isLan ? old.host.cable.sentBytes() : 0;
      const operation = await client.download("alienswarm", { install: false });
      const end = await operation.endsWith("download-finished");
      equal("bytes of the older one", bytesFrom(end, old.peerId), 0);
      const agreed = operation.events.find(({ event }) => event === "got-game-files");
      equal("sources", idsIn(agreed, "sources"), current.map(({ peerId }) => peerId).sort());
      const compared = await sameGame(await stage.know(ALIENSWARM), client.path("alienswarm"));
      if (!stage.hosts.isLan) return `${compared}; nothing from the older one`;
      const sent = old.host.cable.sentBytes() - sentBefore;
      // Pings, acknowledgements and news of the others' games.
      prove(sent < 100_000, `the older one sends no part of the game: ${sent} bytes left its interface`);
      return `${compared}; ${sent} bytes left the older one's interface meanwhile`;
    },
  },
  {
    id: "S24",
    cores: 2,
    async run(stage) {
      const { client, sources, game } = await cast(stage, ALIENSWARM, { sources: 2, upMbit: UP_MBIT });
      const [victim, other] = sources;
      if (other === undefined) throw new Error("there is no second source");
      const first = await client.download("alienswarm", { install: false });
      await first.reaches(0.2);
      await cutInHalf(victim.path("alienswarm", "alienswarm.eti"));
      const cutAt = Date.now();
      const { time } = await first.endsWith("download-finished");
      prove(time > cutAt, "the download went on when the file of one of its sources was cut");
      const compared = await sameGame(game, client.path("alienswarm"));
      // A second client has only one source left, which is cut off in its middle, too.
      const second = await stage.peer("second");
      await client.shutdown();
      await victim.shutdown();
      await second.isOffered("alienswarm", 1);
      const alone = await second.begin({ cmd: "download", game_id: "alienswarm", install: false });
      await alone.reaches(0.2);
      await cutInHalf(other.path("alienswarm", "alienswarm.eti"));
      const end = await alone.ended();
      const isFailure = ["download-failed", "download-peers-gone"].includes(end.event);
      prove(isFailure, `the only source is cut: a clean failure, not ${end.event}`);
      await absent(second.path("alienswarm", "version.ini"));
      return `${compared} from the other source; alone: ${end.event}, no sentinel`;
    },
  },
  {
    id: "S25",
    cores: 2,
    async run(stage) {
      const { client, sources, game } = await cast(stage, ALIENSWARM, { sources: 2, upMbit: UP_MBIT });
      const [liar, honest] = sources;
      if (honest === undefined) throw new Error("there is no second source");
      await flipBits(liar, liar.path("alienswarm", "alienswarm.eti"), LIE_EVERY_BYTES);
      const end = await (await client.download("alienswarm", { install: false })).endsWith(
        "download-finished",
      );
      const struck = (end.data["struck_out"] ?? []) as readonly { readonly peer_id: string }[];
      equal(
        "who was struck out",
        struck.map(({ peer_id }) => peer_id),
        [liar.peerId],
      );
      const compared = await sameGame(game, client.path("alienswarm"));
      const second = await stage.peer("second");
      await client.shutdown();
      await honest.shutdown();
      await second.isOffered("alienswarm", 1);
      const alone = await second.begin({ cmd: "download", game_id: "alienswarm", install: false });
      const failed = await alone.endsWith("download-failed");
      equal("the reason", failed.data["code"], "verification");
      for (const name of ["alienswarm.eti", liar.peerId]) {
        prove(
          String(failed.data["message"]).includes(name),
          `the message names ${name}: ${failed.data["message"]}`,
        );
      }
      await absent(second.path("alienswarm", "version.ini"));
      return `struck out, ${Number(end.data["retried"])} pieces again from the other; ${compared}; alone: verification, named`;
    },
  },
];

/** A lie in every fourth MiB: more than the two that a source may tell. */
const LIE_EVERY_BYTES = 4 * 1_048_576;
