import {
  type FailureReason,
  type Peer,
  type PeerOptions,
  type StateDirClaim,
  startPeer,
  toPeerError,
} from "@lanspread/peer";
import { PEER_SETTINGS } from "../../protocol/settings.ts";
import { fixedSettings, fromSettings } from "../settings/peer-settings.ts";
import type { SettingsFile } from "../settings/settings-file.ts";

export interface StartOptions {
  /** What the peer is started with where the settings say nothing. */
  readonly peer: PeerOptions;
  /** What it is started with whatever they say: whoever started the app has said so. */
  readonly explicit: Partial<PeerOptions>;
  readonly settings: Pick<SettingsFile, "get">;
}

export interface Started {
  readonly peer: Peer;
  /** Why it is alone; null where it is what the settings say. */
  readonly problem: FailureReason | null;
}

/** What the settings cannot be the reason of. */
const NOT_OF_SETTINGS: ReadonlySet<string> = new Set(["state-locked", "internal", "platform-unsupported"]);

const LOOPBACK = "127.0.0.1";

export function peerOptions({ peer, settings, explicit }: StartOptions): PeerOptions {
  return { ...peer, ...fromSettings(settings.get()), ...explicit };
}

/**
 * Starts a peer with the settings. Where they keep it from starting (a network or a party CA that is gone) it is started
 * without them and alone: nobody but this computer reaches it, so that nothing is shared with anybody whom the settings leave
 * out, and the settings can be changed.
 *
 * @param claim of the state directory, where somebody has it already: what is started takes it over
 * @throws PeerError where the settings are not the reason
 */
export async function startWithSettings(options: StartOptions, claim?: StateDirClaim): Promise<Started> {
  try {
    const claimed = claim === undefined ? {} : { claim };
    return { peer: await startPeer({ ...peerOptions(options), ...claimed }), problem: null };
  } catch (error) {
    const { code, message, hint } = toPeerError(error);
    const fixed = fixedSettings(options.explicit);
    const settings = options.settings.get();
    const isChosen = PEER_SETTINGS.some((name) => settings[name] !== undefined && !fixed.includes(name));
    if (NOT_OF_SETTINGS.has(code) || !isChosen) throw error;
    const peer = await startPeer(aloneOptions(options, code === "bad-request"));
    return { peer, problem: { code, message, ...(hint === undefined ? {} : { hint }) } };
  }
}

function aloneOptions({ peer, settings, explicit }: StartOptions, withoutFolder: boolean): PeerOptions {
  const { gamesDir } = settings.get();
  return {
    ...peer,
    ...(gamesDir === undefined || withoutFolder ? {} : { gamesDir }),
    interfaces: [LOOPBACK],
    ...explicit,
    listen: `${LOOPBACK}:0`,
    discovery: null,
  };
}
