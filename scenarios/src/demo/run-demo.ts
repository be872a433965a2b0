import { createWorkspace } from "../workspace.ts";
import { NEEDED_BYTES } from "./constants.ts";
import { DEMO_GAMES, makeDemoGame } from "./demo-games.ts";
import { checkSource, getGame } from "./get-game.ts";
import { createParty, type DemoPeer, everybodyFound, showLibrary } from "./party.ts";
import { type DemoRow, renderReport } from "./report.ts";
import type { Screen } from "./screen.ts";
import { proveGame } from "./verify.ts";

/** What ends and removes everything without waiting for anybody. */
export interface Emergency {
  kill(): void;
  /** All that the demo has on disk; `games` is the large part of it, without the logs. */
  readonly directory: string;
  readonly games: string;
  readonly logs: string;
}

export interface DemoOptions {
  readonly screen: Screen;
  /** Aborted to end early: nothing is left behind. */
  readonly signal: AbortSignal;
  /** Told once there is something that has to be killed and removed when not even cleaning up may take time. */
  readonly onResources: (emergency: Emergency) => void;
}

const SHARING = ["attic", "basement"] as const;
const RECEIVER = "couch";

/**
 * The whole demo: two peers that share a game each, a third that finds them by mDNS, downloads both games and
 * installs them. Resolves with the exit code; nothing of it is left running or on disk, but the logs of a failure.
 */
export async function runDemo({ screen, signal, onResources }: DemoOptions): Promise<number> {
  const workspace = await createWorkspace("demo", NEEDED_BYTES);
  const party = createParty(workspace);
  onResources({
    kill: () => party.kill(),
    directory: workspace.root,
    games: workspace.peers,
    logs: workspace.logs,
  });
  // Everything below waits for the signal or for a peer: without peers nothing waits any more.
  const closeParty = (): void => void party.close();
  signal.addEventListener("abort", closeParty, { once: true });
  try {
    screen.step("Making two games as RAR5 archives");
    const made = await allEnded(
      DEMO_GAMES.map(async (plan, index) => {
        const { games } = await workspace.peer(SHARING[index] ?? RECEIVER);
        const game = await makeDemoGame(plan, games, signal);
        screen.detail(game.description);
        return { game, sourceGames: games };
      }),
    );

    screen.step("Starting three peers, each a process of its own on 127.0.0.1");
    const peers = await party.start([...SHARING, RECEIVER], signal);
    for (const peer of peers) screen.detail(`${peer.name}: process ${peer.harness.pid}, peer ${peer.peerId}`);
    const receiver = find(peers, RECEIVER);

    screen.step("They find each other by mDNS");
    await everybodyFound(peers, screen);

    screen.step(`What ${RECEIVER} sees`);
    await showLibrary(
      receiver,
      made.map(({ game }) => game.id),
      screen,
    );

    screen.step(`${RECEIVER} downloads and installs both`);
    const transfers = await Promise.all(made.map(({ game }) => getGame(receiver, game.id, screen)));

    screen.step("Comparing every byte with its source");
    const rows = await allEnded(
      made.map(async ({ game, sourceGames }, index): Promise<DemoRow> => {
        const transfer = transfers[index];
        const source = find(peers, SHARING[index] ?? "");
        if (transfer === undefined) throw new Error(`${game.id} was not transferred`);
        checkSource(transfer, source);
        const proof = await proveGame(
          { gameId: game.id, sourceGames, receiverGames: receiver.games, entries: game.entries },
          signal,
        );
        return { transfer, from: source.name, proof };
      }),
    );
    for (const peer of peers) checkStdout(peer);

    screen.step("The three peers say goodbye");
    await party.close();
    await workspace.remove();
    screen.print([
      ...renderReport(rows, screen.bold),
      screen.good("Everything is equal. Nothing was left behind."),
    ]);
    return 0;
  } catch (error) {
    await party.close();
    if (signal.aborted) {
      await workspace.remove();
      screen.print(["ended early; nothing was left behind"]);
      return 1;
    }
    const logs = await workspace.keepLogs();
    screen.failure(error instanceof Error ? error.message : String(error));
    screen.print([`The peers' logs are in ${logs}`]);
    return 1;
  } finally {
    signal.removeEventListener("abort", closeParty);
  }
}

/**
 * As `Promise.all`, but rejects only when none of them works any more: what still writes while the workspace is removed
 * would leave something behind.
 */
async function allEnded<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

function find(peers: readonly DemoPeer[], name: string): DemoPeer {
  const peer = peers.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new Error(`${name} is not running`);
  return peer;
}

/** A harness prints nothing but its protocol on stdout. */
function checkStdout(peer: DemoPeer): void {
  const [line] = peer.harness.foreignLines;
  if (line !== undefined) throw new Error(`${peer.name} printed a line outside its protocol: ${line}`);
}
