import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { programCommand } from "lanspread";
import type { Host, HostNetwork, Lan } from "../hosts/host.ts";
import { RUN_ID_VARIABLE, type RunId } from "../hosts/run-id.ts";
import type { Fixtures, KnownGame } from "../library/fixtures.ts";
import type { GamePlan } from "../library/make-game.ts";
import type { Workspace } from "../workspace.ts";
import { StagePeer } from "./stage-peer.ts";
import { type UntilOptions, until } from "./until.ts";

export interface PeerOptions {
  /** Games that it has when it starts. */
  readonly games?: readonly GamePlan[];
  /** Default: a host of its own. */
  readonly host?: Host;
  /** LANs of the host that is made for it; default: the one that everybody is in. */
  readonly lans?: readonly [Lan, ...Lan[]];
  /** Further arguments of the harness. */
  readonly args?: readonly string[];
  /** Default: the scenario's own. */
  readonly party?: string;
  /** A games directory that somebody else made; default: one of its own, empty but for `games`. */
  readonly gamesDir?: string;
  /** A program that runs the harness, with its own arguments: whom it runs as, what it may do. */
  readonly inFront?: readonly string[];
  /** Arguments of its Node. */
  readonly nodeArgs?: readonly string[];
  /** False: it is made, and starts when it is told. Default true. */
  readonly start?: boolean;
}

/** What a scenario has to play with: peers on hosts, games, a deadline. */
export interface Stage {
  readonly hosts: HostNetwork;
  /** A folder of the scenario's own. */
  readonly directory: string;
  readonly party: string;
  /** Environment of every process that is not a peer: it is known by it as one of the scenario's. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborted when the scenario has to end. */
  readonly signal: AbortSignal;
  readonly peers: readonly StagePeer[];
  /** Starts a peer and waits until it is ready and has looked at its games. */
  peer(name: string, options?: PeerOptions): Promise<StagePeer>;
  know(plan: GamePlan): Promise<KnownGame>;
  /** Copies a game into a games directory, as a user does; its folder appears complete. */
  place(plan: GamePlan, gamesDir: string): Promise<KnownGame>;
  /** Run when the scenario is over and its peers have ended, the last one first: for what it made outside its folder. */
  defer(undo: () => unknown): void;
  /** A process that is no peer: it is killed, and waited for, when the peers have ended. */
  endWith(child: ChildProcess): void;
  until<T>(
    what: string,
    look: () => T | Promise<T>,
    options?: Partial<UntilOptions>,
  ): ReturnType<typeof until<T>>;
}

export interface StageOptions {
  /** Names folders and logs, such as `S4`. */
  readonly id: string;
  readonly run: RunId;
  readonly workspace: Workspace;
  readonly fixtures: Fixtures;
  readonly hosts: HostNetwork;
  readonly signal: AbortSignal;
  /** What every peer's process is; default: `lanspread harness` on this Node. */
  readonly program?: readonly [string, ...string[]];
}

/** What the runner has of a stage besides. */
export interface OwnedStage extends Stage {
  /** Folder of all logs. */
  readonly logs: string;
  /** Ends the processes that are no peers. */
  endOthers(): Promise<void>;
  /** Undoes what was deferred. */
  undoAll(): Promise<void>;
}

export async function createStage(options: StageOptions): Promise<OwnedStage> {
  const { id, run, workspace, fixtures, hosts, signal } = options;
  // Of its own in every run: scenarios at the same time, or a real party on the same network, never meet.
  const party = `${id}-${randomBytes(6).toString("hex")}`;
  const peers: StagePeer[] = [];
  const others: ChildProcess[] = [];
  const undos: (() => unknown)[] = [];
  const directory = join(workspace.peers, id);
  const logs = join(workspace.logs, id);
  await mkdir(directory, { recursive: true });
  await mkdir(logs, { recursive: true });
  return {
    hosts,
    directory,
    logs,
    party,
    env: { [RUN_ID_VARIABLE]: run },
    signal,
    peers,
    know: fixtures.know,
    place: fixtures.place,
    async peer(name, more = {}) {
      const { games, state, temporary } = await workspace.peer(join(id, name));
      for (const plan of more.games ?? []) await fixtures.place(plan, more.gamesDir ?? games);
      const peer = new StagePeer({
        name,
        host: more.host ?? hosts.addHost(name, more.lans),
        games: more.gamesDir ?? games,
        state,
        temporary,
        party: more.party ?? party,
        program: commandOf(more, options.program ?? [...programCommand, "harness"]),
        // What a killed peer leaves of its temporary files goes with the workspace.
        env: { [RUN_ID_VARIABLE]: run, TMPDIR: temporary, TEMP: temporary, TMP: temporary },
        logFile: join(logs, `${name}.log`),
        args: more.args ?? [],
        signal,
      });
      peers.push(peer);
      if (more.start === false) return peer;
      await peer.start();
      for (const { id: gameId } of more.games ?? []) await hasDigests(peer, gameId);
      return peer;
    },
    endWith: (child) => void others.push(child),
    async endOthers() {
      for (const child of others.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    },
    defer: (undo) => void undos.push(undo),
    async undoAll() {
      const failures: unknown[] = [];
      for (const undo of undos.splice(0).reverse()) {
        try {
          await undo();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
    until: (what, look, more = {}) => until(what, look, { signal, ...more }),
  };
}

function commandOf(
  { inFront = [], nodeArgs = [] }: PeerOptions,
  [node, ...program]: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  const [first = node, ...rest] = [...inFront, node, ...nodeArgs];
  return [first, ...rest, ...program];
}

/** Waits until a peer has hashed its game: before that nobody can check what it sends. */
export async function hasDigests(
  peer: StagePeer,
  gameId: string,
  options: Partial<UntilOptions> = {},
): Promise<void> {
  const look = (): boolean => {
    const { games = [] } = (peer.harness.events.findLast(({ event }) => event === "local-library-changed")
      ?.data ?? {}) as { readonly games?: readonly { readonly id: string; readonly content_id: unknown }[] };
    return typeof games.find(({ id }) => id === gameId)?.content_id === "string";
  };
  await peer.until(`the digests of ${gameId} at ${peer.name}`, look, options);
}
