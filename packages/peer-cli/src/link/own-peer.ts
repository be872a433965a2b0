import {
  createExternalUnpacker,
  makeDirectories,
  type Peer,
  startPeer,
  type Unpacker,
} from "@lanspread/peer";
import { createStderrLogger } from "../log.ts";
import type { PeerFlags } from "../options.ts";
import type { CommandContext } from "../run-command.ts";
import { gamesPlace, peerSettings, stateDirOf } from "./peer-settings.ts";

/**
 * Starts a peer in this process. The wish to end aborts its start; once it runs, whoever started it stops it.
 *
 * @throws PeerError among others `state-locked` where another peer has the state directory, and `unpacker-unusable`.
 */
export async function startOwnPeer(context: CommandContext, flags: PeerFlags): Promise<Peer> {
  const { gamesDir, named } = gamesPlace(flags);
  if (!named) await makeDirectories(gamesDir);
  const starting = new AbortController();
  const giveUp = (): void => starting.abort(context.signal.reason);
  context.signal.throwIfAborted();
  context.signal.addEventListener("abort", giveUp, { once: true });
  try {
    const unpacker = await openUnpacker(context, flags, starting.signal);
    return await startPeer({
      gamesDir,
      stateDir: stateDirOf(flags),
      ...peerSettings(flags),
      ...(unpacker === undefined ? {} : { unpacker }),
      logger: createStderrLogger(context.reporter, context.verbosity),
      signal: starting.signal,
    });
  } finally {
    context.signal.removeEventListener("abort", giveUp);
  }
}

/** The program that was named to unpack, if one was: what it is shows now, not when the first game is installed. */
export async function openUnpacker(
  { reporter }: CommandContext,
  { unrar }: PeerFlags,
  signal: AbortSignal,
): Promise<Unpacker | undefined> {
  if (unrar === undefined) return undefined;
  const unpacker = await createExternalUnpacker(unrar, { signal });
  reporter.notice(`archives are unpacked by ${unpacker.description}`);
  return unpacker;
}
