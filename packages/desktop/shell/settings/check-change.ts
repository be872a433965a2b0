import { networkInterfaces } from "node:os";
import { loadPartyCa, PeerError } from "@lanspread/peer";
import { nameSchema } from "@lanspread/proto";
import { PEER_SETTINGS, type PeerSetting, type SettingsChange } from "../../protocol/settings.ts";
import { requireFolder } from "../folders/require-folder.ts";

/**
 * Looks at what a page wants to change before anything is done about it.
 *
 * @param fixed settings that were given when the app was started
 * @returns the change, with paths in their usual form
 * @throws PeerError saying what is wrong with it, and what to do instead
 */
export async function checkChange(
  change: SettingsChange,
  fixed: readonly PeerSetting[],
): Promise<SettingsChange> {
  const [refused] = PEER_SETTINGS.filter((name) => change[name] !== undefined && fixed.includes(name));
  if (refused !== undefined) {
    throw new PeerError("bad-request", "This was said when lanspread was started, and stays while it runs.", {
      hint: "Start lanspread without that option to choose it here.",
    });
  }
  for (const name of ["playerName", "party"] as const) {
    if (typeof change[name] === "string" && !nameSchema.safeParse(change[name]).success) {
      throw new PeerError("bad-request", "This name cannot be shown to others.", {
        hint: "Use visible characters.",
      });
    }
  }
  const checked = { ...change };
  if (typeof change.gamesDir === "string") checked.gamesDir = await requireFolder(change.gamesDir);
  if (typeof change.partyCa === "string") {
    checked.partyCa = await requireFolder(change.partyCa);
    await requirePartyCa(checked.partyCa);
  }
  if (Array.isArray(change.interfaces)) requireOneOf(change.interfaces);
  return checked;
}

async function requirePartyCa(dir: string): Promise<void> {
  try {
    await loadPartyCa(dir);
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    throw new PeerError(error.code, `This folder holds no party CA: ${error.message}`, {
      hint: "Take the folder that `lanspread certs rotate` made for your party, complete and unchanged.",
      cause: error,
    });
  }
}

/** Of networks that are not there nobody would be found. */
function requireOneOf(addresses: readonly string[]): void {
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  if (own.some(({ address }) => addresses.includes(address))) return;
  throw new PeerError("no-network-interface", "None of these networks is there.", {
    hint: "Choose one that is, or all of them.",
  });
}
