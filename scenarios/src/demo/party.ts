import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { formatBytes, formatVersion, renderTable } from "lanspread";
import { type Harness, type HarnessEvent, isEvent, startHarness } from "../harness-process.ts";
import type { Workspace } from "../workspace.ts";
import { DISCOVERY_DEADLINE_MS } from "./constants.ts";
import { listGames } from "./fields.ts";
import type { Screen } from "./screen.ts";

/** One running peer of the demo: a process of its own. */
export interface DemoPeer {
  readonly name: string;
  readonly peerId: string;
  readonly games: string;
  readonly harness: Harness;
}

/** Everything that runs; closed in every case. */
export interface DemoParty {
  readonly peers: readonly DemoPeer[];
  /** Ends every peer in order, each with its goodbye. */
  close(): Promise<void>;
  /** Ends every peer at once. */
  kill(): void;
}

/** An empty party; peers join by {@link join}, so that whatever has started so far can be closed at any time. */
export function createParty(workspace: Workspace): DemoParty & {
  start(names: readonly string[], signal: AbortSignal): Promise<readonly DemoPeer[]>;
} {
  // Of its own in every run: several demos on one machine, or a real party on the same network, never meet.
  const party = `demo-${randomBytes(6).toString("hex")}`;
  const running: Harness[] = [];
  const peers: DemoPeer[] = [];
  return {
    peers,
    async start(names, signal) {
      const starting = names.map(async (name): Promise<DemoPeer> => {
        const { games, state, temporary } = await workspace.peer(name);
        signal.throwIfAborted();
        const harness = startHarness({
          name,
          logFile: join(workspace.logs, `${name}.log`),
          // A peer that is killed while it starts leaves its copy of the native library: it goes with the workspace.
          env: { TMPDIR: temporary, TEMP: temporary, TMP: temporary },
          args: [
            ...["--games-dir", games, "--state-dir", state, "--name", name, "--party", party],
            ...["--interface", "127.0.0.1", "--listen", "127.0.0.1:0", "-v"],
          ],
        });
        running.push(harness);
        const ready = await harness.event(isEvent("local-peer-ready"));
        return { name, peerId: String(ready.data["peer_id"]), games, harness };
      });
      peers.push(...(await Promise.all(starting)));
      return peers;
    },
    async close() {
      await Promise.all(running.map((harness) => harness.close()));
    },
    kill() {
      for (const harness of running) harness.kill("SIGKILL");
    },
  };
}

/** Waits until every peer has found every other one; nobody was told an address. */
export async function everybodyFound(peers: readonly DemoPeer[], screen: Screen): Promise<void> {
  const pairs = peers.flatMap((peer) =>
    peers.filter((other) => other !== peer).map((other) => ({ peer, other })),
  );
  await Promise.all(
    pairs.map(async ({ peer, other }) => {
      const found = await peer.harness.event(isEvent("peer-discovered", { peer_id: other.peerId }), {
        deadlineMs: DISCOVERY_DEADLINE_MS,
      });
      screen.detail(`${peer.name} found ${String(found.data["name"])} at ${String(found.data["addr"])}`);
    }),
  );
}

/** Waits until the peer sees all the games with one source each, then shows its joint library. */
export async function showLibrary(peer: DemoPeer, gameIds: readonly string[], screen: Screen): Promise<void> {
  const complete = async (): Promise<boolean> => {
    const games = await listGames(peer.harness);
    if (!gameIds.every((id) => games.some((game) => game.id === id && game.peer_count === 1))) return false;
    const rows = games.map((game) => [
      game.id,
      formatVersion(game.version),
      formatBytes(game.size),
      String(game.peer_count),
    ]);
    const columns = [
      { title: "GAME" },
      { title: "VERSION" },
      { title: "SIZE", align: "right" as const },
      { title: "PEERS", align: "right" as const },
    ];
    for (const line of renderTable(columns, rows)) screen.detail(`  ${line}`);
    return true;
  };
  for (;;) {
    // Counted before the question: news that arrive while it is answered end the wait at once.
    const from = peer.harness.events.length;
    if (await complete()) return;
    await peer.harness.event(changesLibrary, { from, deadlineMs: DISCOVERY_DEADLINE_MS });
  }
}

function changesLibrary(event: HarnessEvent): boolean {
  return event.event === "list-games" || event.event === "peer-updated" || event.event === "peer-discovered";
}
