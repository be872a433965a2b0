import { hostname } from "node:os";
import { toPeerError } from "../errors/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { PRIVATE_DIRECTORY_MODE } from "../storage/constants.ts";
import { makeDirectories } from "../storage/make-directories.ts";
import { stateDirLayout } from "../storage/state-dir.ts";
import { type ControlServer, openControl } from "./server.ts";

/** The right to a state directory, which one process has. Disposing of it gives the directory free. */
export type StateDirClaim = ControlServer;

export interface ClaimStateDirOptions {
  readonly stateDir: string;
  /** Shown to who finds the state directory taken. Default: the computer's name. */
  readonly name?: string;
  readonly logger?: Logger;
}

/**
 * Takes a state directory before the peer is started that will use it: for hosts that show something meanwhile, and only where
 * nobody else does. Clients of the control socket wait until that peer serves them.
 *
 * @throws PeerError `state-locked`, naming who has it; `path-too-long`, `no-permission`
 */
export async function claimStateDir(options: ClaimStateDirOptions): Promise<StateDirClaim> {
  const { name = hostname(), logger = silentLogger } = options;
  const stateDir = stateDirLayout(options.stateDir);
  try {
    await makeDirectories(stateDir.root, PRIVATE_DIRECTORY_MODE);
    return await openControl({ stateDir, name, logger: logger.child("control") });
  } catch (error) {
    throw toPeerError(error);
  }
}
