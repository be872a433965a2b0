import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseListenAddress } from "@lanspread/proto";
import { isEvent } from "../harness-process.ts";
import { ALIENSWARM, BF1942, BFBC2, CHARLIE, CNC4, CNCTW } from "../library/games.ts";
import { absent, sameGame } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import { hasDigests } from "../stage/stage.ts";
import type { GameLine, LocalGameLine, StagePeer } from "../stage/stage-peer.ts";
import { cast } from "./cast.ts";

const DELTA_WITHIN_MS = 2_000;
const TRACE_LISTINGS = new URL("./trace-listings.ts", import.meta.url).href;

/** What happens to games and folders while peers run, and what a restart keeps. */
export const CHANGING_LIBRARIES: readonly Scenario[] = [
  {
    id: "S17",
    async run(stage) {
      const { client, sources, game } = await cast(stage, ALIENSWARM, { upMbit: 300 });
      const [source] = sources;
      const other = join(stage.directory, "other-games");
      await mkdir(other);
      await stage.place(CNC4, other);
      equal("the answer", await client.send({ cmd: "set-game-dir", path: other }), { games_dir: other });
      await source.isOffered("cnc4", 1);
      await client.send({ cmd: "set-game-dir", path: client.games });
      await source.isOffered("cnc4", 0);
      const operation = await client.download("alienswarm", { install: false });
      await operation.reaches(0.1);
      equal(
        "while busy",
        await client.refuses({ cmd: "set-game-dir", path: other }),
        "operation-in-progress",
      );
      await operation.endsWith("download-finished");
      equal("the games directory", (await client.status()).games_dir, client.games);
      return `the library followed there and back; refused while busy; ${await sameGame(game, client.path("alienswarm"))}`;
    },
  },
  {
    id: "S27",
    cores: 2,
    async run(stage) {
      const others = await Promise.all(["one", "two"].map((name) => stage.peer(name)));
      const owner = await stage.peer("owner");
      await Promise.all(
        others.map((peer) => peer.sees([owner, ...others.filter((other) => other !== peer)])),
      );
      // Copied file by file into its place, as a file manager does; the sentinel happens to come last.
      const staging = join(stage.directory, "staging");
      await mkdir(staging);
      await stage.place(BFBC2, staging);
      const from = join(staging, "bfbc2");
      await rename(join(from, "version.ini"), join(staging, "version.ini"));
      await cp(from, owner.path("bfbc2"), { recursive: true });
      // A whole game that comes behind it and is told of: by then the owner has dealt with the copy, too, and said nothing of it.
      await stage.place(CNC4, owner.games);
      await Promise.all(others.map((peer) => peer.isOffered("cnc4", 1)));
      const appearedAt = Date.now();
      await rename(join(staging, "version.ini"), owner.path("bfbc2", "version.ini"));
      const took = await Promise.all(
        others.map(async (peer) => {
          const told = await peer.event(offers("bfbc2"));
          prove(told.time >= appearedAt, `${peer.name} hears of the game only when its sentinel is there`);
          prove(
            told.time - appearedAt <= DELTA_WITHIN_MS,
            `${peer.name} hears of it within ${DELTA_WITHIN_MS} ms, not ${told.time - appearedAt} ms`,
          );
          return told.time - appearedAt;
        }),
      );
      return `heard of ${took.join(" and ")} ms after the sentinel appeared, not before`;
    },
  },
  {
    id: "S28",
    async run(stage) {
      const { client, sources, game } = await cast(stage, CNCTW);
      const [source] = sources;
      const before = source.life;
      await source.shutdown();
      source.host.cable.readdress();
      await source.start();
      equal("its peer_id", source.peerId, before.peerId);
      const [was, is] = [before.addr, source.addr].map(parseListenAddress);
      prove(is?.port !== was?.port, `it listens at another port: ${source.addr}, before ${before.addr}`);
      prove(is?.host !== was?.host, `it has another address: ${source.addr}, before ${before.addr}`);
      await client.sees([source]);
      const listed = await client.listPeers();
      equal(
        "entries",
        listed.map(({ peer_id, addr }) => [peer_id, addr]),
        [[source.peerId, source.addr]],
      );
      await (await client.download("cnctw", { install: false })).endsWith("download-finished");
      return `${before.addr} became ${source.addr}, one entry; ${await sameGame(game, client.path("cnctw"))}`;
    },
  },
  {
    id: "S29",
    async run(stage) {
      const [client, owner] = await Promise.all([
        stage.peer("client"),
        stage.peer("owner", { games: [CNCTW, CNC4] }),
      ]);
      await client.isOffered("cnctw", 1);
      await rm(owner.path("cnctw"), { recursive: true });
      for (const peer of [owner, client]) {
        await peer.until(
          `cnctw is gone at ${peer.name}`,
          async () => (await peer.game("cnctw")) === undefined,
        );
        prove((await peer.game("cnc4")) !== undefined, `cnc4 is still there at ${peer.name}`);
      }
      await (await client.begin({ cmd: "download", game_id: "cnctw" })).endsWith("no-peers-have-game");
      await absent(client.path("cnctw"));
      return "gone from both lists; the other game stays; a download says that nobody has it";
    },
  },
  {
    id: "S34",
    async run(stage) {
      const plans = [ALIENSWARM, BF1942];
      const peer = await stage.peer("peer", { games: plans, start: false });
      const tracing = { env: { NODE_OPTIONS: `--import=${TRACE_LISTINGS}` } };
      await peer.start(tracing);
      for (const { id } of plans) await hasDigests(peer, id);
      const { bytes } = await stage.know(ALIENSWARM);
      const [before, readBefore] = await Promise.all([peer.status(), bytesRead(peer)]);
      await peer.shutdown();
      const listedBefore = await listedIn(peer);
      await peer.start(tracing);
      for (const { id } of plans) await hasDigests(peer, id);
      const [after, readAfter] = await Promise.all([peer.status(), bytesRead(peer)]);
      const first = await peer.event(isEvent("local-library-changed"));
      await peer.shutdown();
      equal("its peer_id", after.peer_id, before.peer_id);
      prove(
        after.library_rev >= before.library_rev,
        `library_rev ${before.library_rev}, then ${after.library_rev}`,
      );
      const ids = (first.data["games"] as readonly LocalGameLine[]).map(
        ({ content_id }) => typeof content_id,
      );
      equal("digests known at once", ids, ["string", "string"]);
      // A look at a game lists its folder; what is below is listed by a scan alone.
      const below = peer.path(BF1942.id, "patches");
      equal(`${below} is listed at first`, listedBefore.includes(below), true);
      const listed = (await listedIn(peer)).slice(listedBefore.length);
      equal(`${peer.path(BF1942.id)} is looked at`, listed.includes(peer.path(BF1942.id)), true);
      equal(`${below} is listed again`, listed.includes(below), false);
      const kept = `same peer_id, revision ${after.library_rev}, all digests known at once, no folder below the games' own listed again`;
      if (readBefore === null || readAfter === null) return kept;
      prove(
        readBefore - readAfter >= bytes,
        `the restart read as much as before: ${readAfter} of ${readBefore} bytes`,
      );
      const less = Math.round((readBefore - readAfter) / 1_048_576);
      return `${kept}; ${less} MiB less read than the first time`;
    },
  },
  {
    id: "S36",
    async run(stage) {
      const catalog = join(stage.directory, "catalog.json");
      const games = [{ id: "cnc4", name: "Tiberian Twilight" }];
      await writeFile(catalog, JSON.stringify({ format: 1, name: "the party", games }));
      const [client, owner] = await Promise.all([
        stage.peer("client", { args: ["--catalog", catalog] }),
        stage.peer("owner", { games: [CNCTW, ...CHARLIE] }),
      ]);
      // A foreign game on the own disk, too.
      await stage.place(CNCTW, client.games);
      await client.isOffered("cnc4", 1);
      await client.sees([owner]);
      const commands = ["download", "install", "uninstall", "get-game", "stream-install", "remove-download"];
      for (const cmd of commands) {
        equal(`${cmd} of a foreign id`, await client.refuses({ cmd, game_id: "cnctw" }), "not-in-catalog");
      }
      await (await client.download("cnc4", { install: false })).endsWith("download-finished");
      await owner.isOffered("cnc4", 1);
      equal(
        "what the client lists",
        (await client.listGames()).map(({ id }) => id),
        ["cnc4"],
      );
      equal("who offers the foreign game to its owner", await owner.offers("cnctw"), 0);
      const told = client.harness.events.filter((event) => JSON.stringify(event.data).includes('"cnctw"'));
      equal("events that speak of the foreign game", told.length, 0);
      prove((await readFile(client.path("cnctw", "version.ini"), "utf8")) !== "", "its folder is untouched");
      return "not-in-catalog, six times; neither the own foreign game nor the other's is listed or announced";
    },
  },
];

/** An event that shows a game as one that somebody else can serve. */
function offers(gameId: string) {
  const accepts = ({
    event,
    data,
  }: {
    readonly event: string;
    readonly data: Record<string, unknown>;
  }): boolean =>
    event === "list-games" &&
    (data["games"] as readonly GameLine[]).some(({ id, peer_count }) => id === gameId && peer_count > 0);
  return Object.assign(accepts, { description: `an offer of ${gameId}` });
}

/** The directories that a peer has listed in all its lives, which have ended and were traced. */
async function listedIn(peer: StagePeer): Promise<readonly string[]> {
  const log = await readFile(peer.logFile, "utf8");
  return [...log.matchAll(/^list (.+)$/gmu)].map(([, path = ""]) => path);
}

/** Bytes that a peer's process has read so far, of whatever; null where the system does not count them. */
async function bytesRead(peer: StagePeer): Promise<number | null> {
  const text = await readFile(`/proc/${peer.harness.pid}/io`, "utf8").catch(() => "");
  const count = /^rchar: (\d+)$/mu.exec(text)?.[1];
  return count === undefined ? null : Number(count);
}
