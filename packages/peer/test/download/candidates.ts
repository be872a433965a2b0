import {
  type Answer,
  type GameSummary,
  type GameVersion,
  gameVersionSchema,
  type Manifest,
  type PeerId,
} from "@lanspread/proto";
import { seededBytes } from "@lanspread/testkit";
import type { ManifestCandidate } from "../../src/download/index.ts";
import {
  type Behaviour,
  createSource,
  type DownloadRig,
  GGOO,
  MIB,
  type SourceGame,
  type TestSource,
} from "./support.ts";

export const OLDER = gameVersionSchema.parse("20170101");
export const VERSION = gameVersionSchema.parse("20180412");

/** A game of two pieces and its sentinel; another seed is other content. */
export function game(rig: DownloadRig, seed: number, version: GameVersion = VERSION): Promise<SourceGame> {
  return rig.game({ "version.ini": version, "game.eti": seededBytes(seed, 2 * MIB) }, version);
}

/** A peer that announces what it has. */
export function candidate(
  peerId: PeerId,
  has: SourceGame,
  behaviour: Behaviour = {},
  announced: Partial<GameSummary> = {},
): ManifestCandidate & { readonly source: TestSource } {
  const source = createSource(peerId, has, behaviour);
  const { version, manifest_hash, content_id } = has.manifest;
  return {
    peerId,
    channel: source.channel,
    source,
    summary: {
      id: GGOO,
      name: "Great Game",
      version,
      size: 1,
      downloaded: true,
      installed: false,
      manifest_hash,
      content_id,
      availability: "ready",
      ...announced,
    },
  };
}

/** Answers with another manifest than it has. */
export function saying(manifest: Manifest): Behaviour {
  return {
    onRequest: async ({ type }): Promise<Answer | undefined> =>
      type === "get_game" ? { type: "game", manifest } : undefined,
  };
}

export const ids = (sources: readonly { readonly peerId: PeerId }[]): PeerId[] =>
  sources.map(({ peerId }) => peerId);
