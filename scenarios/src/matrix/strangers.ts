import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { programCommand } from "lanspread";
import { isEvent } from "../harness-process.ts";
import { CHARLIE } from "../library/games.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";

const run = promisify(execFile);
const OTHER_VERSION = fileURLToPath(new URL("./other-version.ts", import.meta.url));

/** Those who do not belong to the party. */
export const STRANGERS: readonly Scenario[] = [
  {
    id: "S53",
    async run(stage) {
      const certs = join(stage.directory, "party-ca");
      const [program, ...args] = programCommand;
      await run(program, [...args, "certs", "rotate", "--out", certs], { signal: stage.signal });
      const member = await stage.peer("member", { games: CHARLIE });
      const [friend, closed, elsewhere, newer] = await Promise.all([
        stage.peer("friend"),
        stage.peer("closed", { args: ["--party-ca", certs] }),
        stage.peer("elsewhere", { party: `${stage.party}-2` }),
        stage.peer("newer", { nodeArgs: ["--import", OTHER_VERSION] }),
      ]);
      const strangers = [closed, elsewhere, newer];
      await member.sees([friend]);
      for (const stranger of [closed, newer]) {
        const { data } = await member.event(isEvent("peer-incompatible", { peer_id: stranger.peerId }));
        prove(String(data["reason"]) !== "", `a reason is given for ${stranger.name}`);
      }
      for (const [stranger, code] of [
        [closed, "wrong-party"],
        [elsewhere, "wrong-party"],
        [newer, "incompatible-peer"],
      ] as const) {
        equal(
          `connect to ${stranger.name}`,
          await member.refuses({ cmd: "connect", addr: stranger.addr }),
          code,
        );
        equal(`peers of ${stranger.name}`, (await stranger.listPeers()).length, 0);
        equal(`games that ${stranger.name} sees`, (await stranger.listGames()).length, 0);
      }
      equal(
        "peers of the member",
        (await member.listPeers()).map(({ peer_id }) => peer_id),
        [friend.peerId],
      );
      const known = new Set(strangers.map(({ peerId }) => peerId));
      const discovered = [member, friend, ...strangers].flatMap(({ harness }) =>
        harness.events.filter(
          ({ event, data }) => event === "peer-discovered" && known.has(String(data["peer_id"])),
        ),
      );
      equal("strangers that were discovered", discovered.length, 0);
      // Those of another party play by themselves: nobody has to know of them.
      for (const peer of [member, friend]) {
        const shown = peer.harness.events.filter(isEvent("peer-incompatible", { peer_id: elsewhere.peerId }));
        equal(`how often ${peer.name} shows the one of another party as incompatible`, shown.length, 0);
      }
      return "wrong-party, wrong-party, incompatible-peer; the first and the last are shown as incompatible, the second is not";
    },
  },
];
