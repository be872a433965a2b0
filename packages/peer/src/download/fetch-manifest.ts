import {
  compareVersions,
  contentId,
  DIGEST_BYTES,
  type GameId,
  type GameSummary,
  type GameVersion,
  type Hash,
  type Manifest,
  manifestHash,
  type PeerId,
  pieceLayout,
} from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { type RequestChannel, readFully } from "../transfer/index.ts";
import { MAX_NAMED, METADATA_TIMEOUT_MS } from "./constants.ts";
import type { DownloadSource } from "./types.ts";
import { type Ballot, type VoteGroup, vote } from "./vote.ts";

/** A connected peer that announces the game. */
export interface ManifestCandidate {
  readonly peerId: PeerId;
  readonly channel: RequestChannel;
  /** What it announces of the game. */
  readonly summary: GameSummary;
}

export interface FetchManifestOptions {
  readonly gameId: GameId;
  readonly candidates: readonly ManifestCandidate[];
  /** The catalog's content_id: only these very bytes count. */
  readonly pinnedContentId?: Hash;
  /** The catalog's version; else the newest one that a candidate announces. */
  readonly version?: GameVersion;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  /** Milliseconds that each peer has for each answer. */
  readonly timeoutMs?: number;
}

export interface FetchedManifest {
  readonly manifest: Manifest;
  /** Checked against the manifest's content_id; null where nobody knows it. */
  readonly digests: Uint8Array | null;
  /** The peers that stand behind this content. At least one. */
  readonly sources: readonly DownloadSource[];
}

/**
 * Finds out what a game consists of: asks all candidates, checks that what each says is consistent, and lets them vote.
 * A peer whose digests are not those of its content_id takes no part.
 *
 * @throws PeerError `no-peers-have-game`, `ambiguous-metadata` (who said what), `cancelled`.
 */
export async function fetchManifest(options: FetchManifestOptions): Promise<FetchedManifest> {
  const { gameId, pinnedContentId, logger = silentLogger } = options;
  const version = options.version ?? newest(options.candidates);
  const candidates = options.candidates.filter(
    ({ summary }) => summary.id === gameId && summary.availability === "ready" && summary.version === version,
  );
  const problems: string[] = [];
  const exclude = (peerId: PeerId, why: string): void => {
    problems.push(`${peerId} ${why}`);
    logger.warn("a peer takes no part in the vote", { gameId, peerId, why });
  };
  if (version === undefined || candidates.length === 0) throw nobody(gameId, problems);

  const manifests = new Map<PeerId, Manifest>();
  await Promise.all(
    candidates.map(async (candidate) => {
      try {
        manifests.set(candidate.peerId, await askForManifest(candidate, version, options));
      } catch (error) {
        throwIfCancelled(options.signal);
        exclude(candidate.peerId, messageOf(error));
      }
    }),
  );

  for (;;) {
    const ballots = [...manifests].map(
      ([peerId, manifest]): Ballot => ({
        peerId,
        manifestHash: manifest.manifest_hash,
        contentId: manifest.content_id,
      }),
    );
    const result = vote(ballots, pinnedContentId);
    if (result.status === "tie") throw ambiguous(gameId, result.groups);
    if (result.status === "nobody") {
      const pin = pinnedContentId === undefined ? [] : [`the catalog asks for content ${pinnedContentId}`];
      throw nobody(gameId, [...pin, ...problems]);
    }
    const members = candidates.filter(({ peerId }) => result.winner.peers.includes(peerId));
    const proven = await proveGroup(result.winner, members, manifests, options);
    for (const [peerId, why] of proven.liars) {
      exclude(peerId, why);
      manifests.delete(peerId);
    }
    if (proven.liars.size > 0 && proven.content === null) continue;
    if (proven.content === null) throw nobody(gameId, [...problems, ...proven.silent]);
    const sources = members
      .filter(({ peerId }) => !proven.liars.has(peerId))
      .map(({ peerId, channel }) => ({ peerId, channel }));
    return { ...proven.content, sources };
  }
}

interface Proof {
  readonly content: { readonly manifest: Manifest; readonly digests: Uint8Array | null } | null;
  /** Peers whose digests are not those of the content_id that they name, and what they did. */
  readonly liars: ReadonlyMap<PeerId, string>;
  /** Why nobody's digests came. */
  readonly silent: readonly string[];
}

/** Gets the digests from the first member of the group that has the right ones. */
async function proveGroup(
  group: VoteGroup,
  members: readonly ManifestCandidate[],
  manifests: ReadonlyMap<PeerId, Manifest>,
  options: FetchManifestOptions,
): Promise<Proof> {
  const liars = new Map<PeerId, string>();
  const silent: string[] = [];
  for (const member of members) {
    const manifest = manifests.get(member.peerId);
    if (manifest === undefined) continue;
    if (group.contentId === null) return { content: { manifest, digests: null }, liars, silent };
    if (manifest.content_id === null) continue;
    try {
      const digests = await askForDigests(member, manifest, options);
      if (digests !== null && contentId(manifest.manifest_hash, digests) === manifest.content_id) {
        return { content: { manifest, digests }, liars, silent };
      }
      liars.set(member.peerId, "has other digests than its content_id says");
    } catch (error) {
      throwIfCancelled(options.signal);
      silent.push(`${member.peerId} ${messageOf(error)}`);
    }
  }
  return { content: null, liars, silent };
}

async function askForManifest(
  { channel }: ManifestCandidate,
  version: GameVersion,
  options: FetchManifestOptions,
): Promise<Manifest> {
  const { gameId } = options;
  const answer = await channel.request({ type: "get_game", game_id: gameId }, waiting(options));
  if (answer.type === "error") throw new Error(`answered ${answer.code}: ${answer.message}`);
  if (answer.type !== "game") throw new Error(`answered ${answer.type} when it was asked for a manifest`);
  const { manifest } = answer;
  if (manifest.game_id !== gameId) throw new Error(`answered with the manifest of ${manifest.game_id}`);
  if (manifest.version !== version) throw new Error(`has version ${manifest.version}, not ${version}`);
  if (manifestHash(manifest.version, manifest.files) !== manifest.manifest_hash) {
    throw new Error("has another manifest_hash than its list of files gives");
  }
  return manifest;
}

/** @returns null where the amount is wrong */
async function askForDigests(
  { channel }: ManifestCandidate,
  manifest: Manifest,
  options: FetchManifestOptions,
): Promise<Uint8Array | null> {
  const within = waiting(options);
  const data = await channel.requestData(
    { type: "get_piece_hashes", game_id: manifest.game_id, manifest_hash: manifest.manifest_hash },
    within,
  );
  try {
    const { answer } = data;
    if (answer.type === "error") throw new Error(`answered ${answer.code}: ${answer.message}`);
    const { pieceCount } = pieceLayout(manifest);
    if (answer.type !== "piece_hashes" || answer.count !== pieceCount) return null;
    const digests = new Uint8Array(pieceCount * DIGEST_BYTES);
    if ((await readFully(data, digests, within)) < digests.length) return null;
    return (await data.read(new Uint8Array(1), within)) === 0 ? digests : null;
  } finally {
    data.cancel();
  }
}

function waiting({ signal, timeoutMs = METADATA_TIMEOUT_MS }: FetchManifestOptions): { signal: AbortSignal } {
  const timeout = AbortSignal.timeout(timeoutMs);
  return { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) };
}

function newest(candidates: readonly ManifestCandidate[]): GameVersion | undefined {
  return candidates
    .filter(({ summary }) => summary.availability === "ready")
    .map(({ summary }) => summary.version)
    .reduce<GameVersion | undefined>(
      (best, version) => (best === undefined || compareVersions(version, best) > 0 ? version : best),
      undefined,
    );
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw signal.reason instanceof PeerError
    ? signal.reason
    : new PeerError("cancelled", "The download was cancelled.", { cause: signal.reason });
}

function messageOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "did not answer in time";
  return error instanceof Error ? error.message : String(error);
}

function nobody(gameId: GameId, problems: readonly string[]): PeerError {
  const shown = problems.slice(0, MAX_NAMED).join("; ");
  return new PeerError(
    "no-peers-have-game",
    `No peer offers ${gameId} as it is wanted${shown === "" ? "" : `: ${shown}`}`,
  );
}

function ambiguous(gameId: GameId, groups: readonly VoteGroup[]): PeerError {
  const said = groups.map(({ peers, manifestHash, contentId: content }) => {
    const what = content === null ? "unknown content" : `content ${content}`;
    return `${namesOf(peers)} say manifest ${manifestHash}, ${what}`;
  });
  const more = said.length > MAX_NAMED ? `; and ${said.length - MAX_NAMED} more opinions` : "";
  return new PeerError(
    "ambiguous-metadata",
    `Peers disagree about ${gameId}: ${said.slice(0, MAX_NAMED).join("; ")}${more}`,
  );
}

function namesOf(peers: readonly PeerId[]): string {
  const more = peers.length > MAX_NAMED ? ` and ${peers.length - MAX_NAMED} more` : "";
  return `${peers.slice(0, MAX_NAMED).join(", ")}${more}`;
}
