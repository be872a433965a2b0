import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { type ControlClient, connectControl, type Peer, type PeerHandle } from "@lanspread/peer";
import { CommandError, toFailure } from "../failure.ts";
import type { PeerFlags } from "../options.ts";
import type { CommandContext } from "../run-command.ts";
import { compareWithRunning } from "./contradiction.ts";
import { startOwnPeer } from "./own-peer.ts";
import type { PeerLink } from "./peer-link.ts";
import { stateDirOf } from "./peer-settings.ts";

/** Between the look for a running peer and the start of one's own another one may start: it is then asked. */
const ATTEMPTS = 2;

/**
 * Runs `run` with a peer: the one that runs in the state directory, or one of its own that lives as long as `run`.
 */
export async function withLink<T>(
  context: CommandContext,
  flags: PeerFlags,
  run: (link: PeerLink) => Promise<T>,
): Promise<T> {
  const link = await openLink(context, flags);
  try {
    return await run(link);
  } finally {
    await link.close();
  }
}

async function openLink(context: CommandContext, flags: PeerFlags): Promise<PeerLink> {
  for (let attempt = 1; ; attempt += 1) {
    const client = await connectControl({ stateDir: stateDirOf(flags), signal: context.signal });
    if (client !== null) return linkToRunning(context, flags, client);
    try {
      const peer = await startOwnPeer(context, flags);
      await requireGamesDir(peer);
      return createLink(peer, {
        ownership: "own",
        networkProblem: () => peer.snapshot().networkProblem,
        closed: peer.stopped.then(({ failed }) => failed?.message ?? "the peer has stopped"),
        close: () => peer.stop(),
      });
    } catch (error) {
      if (attempt === ATTEMPTS || toFailure(error).code !== "state-locked") throw error;
    }
  }
}

/** A command that ends does not wait for a games directory that cannot be used to appear. */
async function requireGamesDir(peer: Peer): Promise<void> {
  const { gamesDirProblem } = peer.snapshot();
  if (gamesDirProblem === null) return;
  await peer.stop();
  throw new CommandError(gamesDirProblem);
}

async function linkToRunning(
  context: CommandContext,
  flags: PeerFlags,
  client: ControlClient,
): Promise<PeerLink> {
  try {
    const status = await client.send({ type: "status" });
    const { contradictions, unseen } = compareWithRunning(
      flags,
      { ...status, gamesDir: await withoutLinks(status.gamesDir) },
      flags.gamesDir === undefined ? undefined : await withoutLinks(flags.gamesDir),
    );
    if (contradictions.length > 0) {
      throw new CommandError({
        code: "usage",
        message: contradictions.join("; "),
        hint: "Leave the option out, stop the running peer, or take another --state-dir.",
      });
    }
    if (unseen.length > 0)
      context.reporter.notice(`the peer "${status.name}" runs here: ${unseen.join(", ")} has no effect`);
  } catch (error) {
    await client.close();
    throw error;
  }
  return createLink(client, {
    ownership: "running",
    networkProblem: () => null,
    closed: client.closed.then((reason) => `the connection to the running peer ended: ${reason}`),
    close: () => client.close(),
  });
}

/** Two paths may lead to one folder. A folder that is not there has no other path than its own. */
function withoutLinks(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

function createLink(
  peer: PeerHandle,
  rest: Pick<PeerLink, "ownership" | "networkProblem" | "closed" | "close">,
): PeerLink {
  return {
    ...rest,
    status: () => peer.send({ type: "status" }),
    listPeers: async () => (await peer.send({ type: "list-peers" })).peers,
    listGames: async () => (await peer.send({ type: "list-games" })).games,
    async download(gameId, options) {
      await peer.send({ type: "download-game-files", gameId, ...options });
    },
    async streamInstall(gameId) {
      await peer.send({ type: "stream-install-game", gameId });
    },
    async install(gameId) {
      await peer.send({ type: "install-game", gameId });
    },
    async uninstall(gameId) {
      await peer.send({ type: "uninstall-game", gameId });
    },
    async remove(gameId) {
      await peer.send({ type: "remove-downloaded-game", gameId });
    },
    async cancel(gameId) {
      await peer.send({ type: "cancel-download", gameId });
    },
    onEvent: (handler) => peer.onEvent(handler),
  };
}
