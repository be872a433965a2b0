import { setTimeout as delay } from "node:timers/promises";
import { formatDuration } from "lanspread";
import { ALIENSWARM, CNCTW, VERSION } from "../library/games.ts";
import { sameGame } from "../proofs/on-disk.ts";
import { equal } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import { cast } from "./cast.ts";

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
      return `seen at ${host.addressIn(east)} in one LAN, at ${host.addressIn(west)} in the other; downloads in both`;
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
      const compared = await sameGame(game, client.path("alienswarm"));
      return `${compared}; finished ${formatDuration((end.time - upAt) / 1_000)} after the link was up`;
    },
  },
];

const RECEIVERS = 7;
const RATE_MBIT = 100;
