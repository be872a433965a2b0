import { isEvent } from "../harness-process.ts";
import { connectByRelay } from "../hosts/relay.ts";
import { ALPHA, BRAVO, CHARLIE } from "../library/games.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import type { LocalGameLine, StagePeer } from "../stage/stage-peer.ts";

const DISCOVERED_WITHIN_MS = 2_000;
const GOODBYE_WITHIN_MS = 2_000;
const TIME_OUT_WITHIN_MS = 50_000;

/** Peers find each other, see each other's games, and notice who has left. */
export const MEETING: readonly Scenario[] = [
  {
    id: "S1",
    async run(stage) {
      const alpha = await stage.peer("alpha", { games: ALPHA });
      const names = alpha.harness.events.map(({ event }) => event);
      const [ready, changed] = [names.indexOf("local-peer-ready"), names.indexOf("local-library-changed")];
      prove(ready === 0 && changed > ready, "local-peer-ready comes first, then local-library-changed");
      const { games } = (await alpha.event(isEvent("local-library-changed"))).data as {
        games: LocalGameLine[];
      };
      const states = games.map(({ id, downloaded, installed, availability }) => [
        id,
        downloaded,
        installed,
        availability,
      ]);
      const expected = ALPHA.map(({ id }) => [id, true, false, "ready"]);
      equal("the library", states.sort(), expected.sort());
      return `${ALPHA.length} games downloaded, not installed, ready`;
    },
  },
  {
    id: "S2",
    // In LANs of their own: no multicast passes from one to the other, so that only `connect` brings them together.
    needs: ["lan"],
    async run(stage) {
      const { hosts } = stage;
      const [one, two] = [hosts.addLan(), hosts.addLan()];
      const alpha = await stage.peer("alpha", { games: ALPHA, lans: [one] });
      const bravo = await stage.peer("bravo", { games: BRAVO, lans: [two] });
      const ends = [
        { peer: alpha, lan: one },
        { peer: bravo, lan: two },
      ] as const;
      await connectByRelay(stage, ends, 0);
      const { peer_id } = (await alpha.send({ cmd: "connect", addr: bravo.addr })) as { peer_id: string };
      equal("who answered", peer_id, bravo.peerId);
      for (const [peer, other, library] of [
        [alpha, bravo, BRAVO],
        [bravo, alpha, ALPHA],
      ] as const) {
        await peer.sees([other]);
        const [listed, ...more] = await peer.listPeers();
        equal(`peers of ${peer.name} besides ${other.name}`, more.length, 0);
        equal(`the peer of ${peer.name}`, [listed?.peer_id, listed?.addr], [other.peerId, other.addr]);
        // Also of the game that both have: it is the other's, too.
        const counts = (await peer.listGames()).map(({ id, peer_count }) => [id, peer_count]);
        const expected = idsOf(ALPHA, BRAVO).map((id) => [id, idsOf(library).includes(id) ? 1 : 0]);
        equal(`games that ${peer.name} sees, and how many offer each`, counts.sort(), expected);
      }
      return "one peer each, nobody sees itself, six games on both sides";
    },
  },
  {
    id: "S3",
    async run(stage) {
      const [client, alpha, bravo] = await Promise.all([
        stage.peer("client"),
        stage.peer("alpha", { games: ALPHA }),
        stage.peer("bravo", { games: BRAVO }),
      ]);
      await client.sees([alpha, bravo]);
      const counts = (await client.listGames()).map(({ id, peer_count }) => [id, peer_count]);
      const expected = idsOf(ALPHA, BRAVO).map((id) => [id, id === "ggoo" ? 2 : 1]);
      equal("games and their peer_count", counts.sort(), expected.sort());
      return "six games, each once; ggoo from 2, the others from 1";
    },
  },
  {
    id: "S20",
    cores: 2,
    async run(stage) {
      const alpha = await stage.peer("alpha", { games: CHARLIE });
      const bravo = await stage.peer("bravo");
      const took = await Promise.all([timeToDiscover(alpha, bravo), timeToDiscover(bravo, alpha)]);
      const slowest = Math.max(...took);
      prove(
        slowest <= DISCOVERED_WITHIN_MS,
        `discovered within ${DISCOVERED_WITHIN_MS} ms, not ${slowest} ms`,
      );
      return `discovered ${took.join(" and ")} ms after the second was ready`;
    },
  },
  {
    id: "S21",
    cores: 2,
    async run(stage) {
      const first = await Promise.all(
        ["one", "two", "three", "four"].map((name, index) =>
          stage.peer(name, { games: [{ ...smallGame(`game-${index}`), seed: index }] }),
        ),
      );
      await Promise.all(first.map((peer) => peer.sees(first.filter((other) => other !== peer))));
      const late = await stage.peer("late", { games: [smallGame("late-game")] });
      await late.sees(first);
      equal("what the late one sees", await idsAt(late), [
        "game-0",
        "game-1",
        "game-2",
        "game-3",
        "late-game",
      ]);
      for (const peer of first) {
        await peer.isOffered("late-game", 1);
        equal(`peers of ${peer.name}`, (await peer.listPeers()).length, first.length);
      }
      return "the fifth sees four libraries, and the four see its own";
    },
  },
  {
    id: "S22",
    cores: 2,
    async run(stage) {
      const [leaver, ...others] = await Promise.all(["leaver", "one", "two"].map((name) => stage.peer(name)));
      if (leaver === undefined) throw new Error("nobody is there");
      await Promise.all(
        others.map((peer) => peer.sees([leaver, ...others.filter((other) => other !== peer)])),
      );
      const since = now(others);
      await leaver.shutdown();
      const took = await Promise.all(
        others.map((peer) => timeOfLoss(peer, leaver, since, GOODBYE_WITHIN_MS)),
      );
      for (const peer of others) {
        const listed = (await peer.listPeers()).map(({ peer_id }) => peer_id);
        const expected = others.filter((other) => other !== peer).map(({ peerId }) => peerId);
        equal(`whom ${peer.name} lists`, listed, expected);
      }
      return `dropped ${took.join(" and ")} ms after shutdown was sent`;
    },
  },
  {
    id: "S23",
    cores: 0.5,
    async run(stage) {
      const victim = await stage.peer("victim", { games: CHARLIE });
      const others = await Promise.all(["one", "two"].map((name) => stage.peer(name)));
      await Promise.all(
        others.map((peer) => peer.sees([victim, ...others.filter((other) => other !== peer)])),
      );
      const killed = now(others);
      await victim.kill();
      const took = await Promise.all(
        others.map((peer) => timeOfLoss(peer, victim, killed, TIME_OUT_WITHIN_MS)),
      );
      // A newcomer asks everybody by multicast: records of the dead one that somebody keeps would come back now.
      const late = await stage.peer("late");
      await late.sees(others);
      await Promise.all(others.map((peer) => peer.sees([late, ...others.filter((other) => other !== peer)])));
      for (const peer of [...others, late]) {
        const after = peer.harness.events.filter(
          ({ event, time, data }) =>
            event === "peer-discovered" && data["peer_id"] === victim.peerId && time > killed.time,
        );
        equal(`rediscoveries of the dead one at ${peer.name}`, after.length, 0);
        const isListed = (await peer.listPeers()).some(({ peer_id }) => peer_id === victim.peerId);
        equal(`whether ${peer.name} lists the dead one`, isListed, false);
        equal(`cnc4 at ${peer.name}`, (await peer.game("cnc4"))?.peer_count ?? 0, 0);
      }
      return `dropped after ${took.map((ms) => (ms / 1_000).toFixed(1)).join(" and ")} s, never seen again`;
    },
  },
  {
    id: "S33",
    cores: 2,
    async run(stage) {
      const games = ["shared", "rare"].map((id) => smallGame(id));
      const peers = await Promise.all(
        ["one", "two", "three", "four", "five"].map((name, index) =>
          stage.peer(name, { games: games.slice(0, index === 0 ? 2 : index < 3 ? 1 : 0) }),
        ),
      );
      for (const peer of peers) {
        await peer.sees(peers.filter((other) => other !== peer));
        const [one, two, three] = peers;
        const others = (owners: readonly (StagePeer | undefined)[]) =>
          owners.filter((owner) => owner !== peer).length;
        await peer.isOffered("shared", others([one, two, three]));
        await peer.isOffered("rare", others([one]));
      }
      return "each of five sees four; peer_counts of 3 and 1, one less where the game is one's own";
    },
  },
  {
    id: "S35",
    async run(stage) {
      const { hosts } = stage;
      // As many as a host can have: in two LANs, where there are any, and within itself.
      const lans = hosts.isLan ? ([hosts.lan, hosts.addLan()] as const) : ([hosts.lan] as const);
      const host = hosts.addHost("alpha", [...lans]);
      const alpha = await stage.peer("alpha", { host });
      const port = alpha.addr.slice(alpha.addr.lastIndexOf(":") + 1);
      const addresses = new Set([alpha.addr, ...lans.map((lan) => `${host.addressIn(lan)}:${port}`)]);
      if (hosts.isLan) {
        addresses.add(`127.0.0.1:${port}`);
        equal("addresses of its own", addresses.size, lans.length + 1);
      }
      for (const addr of addresses) {
        equal(`connect to ${addr}`, await alpha.refuses({ cmd: "connect", addr }), "self-connect");
      }
      equal("peers", (await alpha.listPeers()).length, 0);
      return `self-connect at ${[...addresses].join(", ")}`;
    },
  },
];

function smallGame(id: string) {
  return {
    id,
    version: "20240101",
    archives: { [`${id}.eti`]: { files: { "game.dat": 500_000 } } },
    seed: 900,
  };
}

function idsOf(...libraries: readonly (readonly { readonly id: string }[])[]): readonly string[] {
  return [...new Set(libraries.flat().map(({ id }) => id))].sort();
}

async function idsAt(peer: StagePeer): Promise<readonly string[]> {
  return (await peer.listGames()).map(({ id }) => id).sort();
}

/** From when the later of the two was ready until one has discovered the other, ms. */
async function timeToDiscover(peer: StagePeer, other: StagePeer): Promise<number> {
  const ready = await Promise.all([peer, other].map((each) => each.event(isEvent("local-peer-ready"))));
  const found = await peer.event(isEvent("peer-discovered", { peer_id: other.peerId }));
  return found.time - Math.max(...ready.map(({ time }) => time));
}

/** A moment, and how much each peer had told by then. */
interface Moment {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly told: ReadonlyMap<StagePeer, number>;
}

function now(peers: readonly StagePeer[]): Moment {
  return { time: Date.now(), told: new Map(peers.map((peer) => [peer, peer.harness.events.length])) };
}

/** From `since` until a peer has dropped another, ms. That it had lost it before does not count. */
async function timeOfLoss(
  peer: StagePeer,
  other: StagePeer,
  since: Moment,
  withinMs: number,
): Promise<number> {
  const from = since.told.get(peer) ?? 0;
  const lost = await peer.event(isEvent("peer-lost", { peer_id: other.peerId }), {
    deadlineMs: withinMs,
    from,
  });
  const took = lost.time - since.time;
  prove(
    took >= 0 && took <= withinMs,
    `${peer.name} dropped ${other.name} within ${withinMs} ms, not ${took} ms`,
  );
  return took;
}
