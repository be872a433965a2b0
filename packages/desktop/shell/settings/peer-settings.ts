import type { PeerOptions } from "@lanspread/peer";
import { PEER_SETTINGS, type PeerSetting, type Settings } from "../../protocol/settings.ts";

/** What a setting is called among the options of a peer. */
const OPTIONS = {
  playerName: "name",
  gamesDir: "gamesDir",
  party: "party",
  partyCa: "partyCa",
  interfaces: "interfaces",
  lanes: "lanes",
} as const satisfies Readonly<Record<PeerSetting, keyof PeerOptions>>;

/** The chosen settings as options of a peer. */
export function fromSettings(settings: Settings): Partial<PeerOptions> {
  const chosen = PEER_SETTINGS.flatMap((name) =>
    settings[name] === undefined ? [] : [[OPTIONS[name], settings[name]]],
  );
  return Object.fromEntries(chosen);
}

/** Settings that do not count, because who started the app has said otherwise. */
export function fixedSettings(explicit: Partial<PeerOptions>): readonly PeerSetting[] {
  return PEER_SETTINGS.filter((name) => explicit[OPTIONS[name]] !== undefined);
}
