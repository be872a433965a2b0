import {
  compareVersions,
  DIGEST_BYTES,
  type GameId,
  type GameSummary,
  type GameVersion,
  type Hash,
  type Manifest,
  manifestHash,
  type PeerId,
  pieceLayout,
  type StruckOutSource,
} from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { type RequestChannel, readFully } from "../transfer/index.ts";
import { MAX_NAMED, METADATA_TIMEOUT_MS } from "./constants.ts";
import { type Content, proveGroup } from "./prove-group.ts";
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

export interface FetchedManifest extends Content {
  /** The peers that stand behind this content. At least one. */
  readonly sources: readonly DownloadSource[];
  /** Peers whose answers contradict themselves, and how: whatever they offer is not wanted. */
  readonly liars: readonly StruckOutSource[];
}

/** An answer that cannot be true, whoever else says what. */
class Lie extends Error {}

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
  const liars: StruckOutSource[] = [];
  const exclude = (peerId: PeerId, why: string, isLie: boolean): void => {
    problems.push(`${peerId} ${why}`);
    if (isLie) liars.push({ peerId, why });
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
        exclude(candidate.peerId, messageOf(error), error instanceof Lie);
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
      const pin =
        pinnedContentId === undefined
          ? []
          : [`the catalog asks for content ${pinnedContentId}`, ...opinionsOf(result.groups)];
      throw nobody(gameId, [...pin, ...problems]);
    }
    const members = candidates.filter(({ peerId }) => result.winner.peers.includes(peerId));
    const proof = await proveGroup({
      members,
      manifests,
      ask: (member, manifest, signal) => askForDigests(member, manifest, { ...options, signal }),
      messageOf,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    throwIfCancelled(options.signal);
    for (const [peerId, why] of proof.liars) {
      exclude(peerId, why, true);
      manifests.delete(peerId);
    }
    if (proof.content !== null) {
      const sources = members
        .filter(({ peerId }) => !proof.liars.has(peerId))
        .map(({ peerId, channel }) => ({ peerId, channel }));
      const chosen = new Set(sources.map(({ peerId }) => peerId));
      tellOfOthers(manifests, chosen, options);
      return { ...proof.content, sources, liars };
    }
    // A majority that is silent does not hand its game to a minority; who only claims the pinned content has no such say.
    const pinned = pinnedContentId !== undefined;
    if (proof.liars.size === 0 && !(pinned && proof.silent.size > 0)) {
      throw nobody(gameId, [...problems, ...[...proof.silent].map(([peerId, why]) => `${peerId} ${why}`)]);
    }
    for (const [peerId, why] of pinned ? proof.silent : []) {
      exclude(peerId, why, false);
      manifests.delete(peerId);
    }
  }
}

/** Who has other content is no liar for that, and somebody may wonder why nothing is asked of it. */
function tellOfOthers(
  manifests: ReadonlyMap<PeerId, Manifest>,
  chosen: ReadonlySet<PeerId>,
  { gameId, logger = silentLogger }: FetchManifestOptions,
): void {
  for (const [peerId, { manifest_hash, content_id }] of manifests) {
    if (chosen.has(peerId)) continue;
    logger.warn("a peer has other content under this name and is not asked for it", {
      gameId,
      peerId,
      manifestHash: manifest_hash,
      contentId: content_id,
    });
  }
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
  if (manifest.game_id !== gameId) throw new Lie(`answered with the manifest of ${manifest.game_id}`);
  if (manifest.version !== version) throw new Error(`has version ${manifest.version}, not ${version}`);
  if (manifestHash(manifest.version, manifest.files) !== manifest.manifest_hash) {
    throw new Lie("has another manifest_hash than its list of files gives");
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
  return new PeerError(
    "ambiguous-metadata",
    `Peers disagree about ${gameId}: ${opinionsOf(groups).join("; ")}`,
  );
}

/** Who said what, largest group first. */
function opinionsOf(groups: readonly VoteGroup[]): string[] {
  const said = groups.map(({ peers, manifestHash, contentId: content }) => {
    const what = content === null ? "unknown content" : `content ${content}`;
    return `${namesOf(peers)} say manifest ${manifestHash}, ${what}`;
  });
  const more = said.length > MAX_NAMED ? [`and ${said.length - MAX_NAMED} more opinions`] : [];
  return [...said.slice(0, MAX_NAMED), ...more];
}

function namesOf(peers: readonly PeerId[]): string {
  const more = peers.length > MAX_NAMED ? ` and ${peers.length - MAX_NAMED} more` : "";
  return `${peers.slice(0, MAX_NAMED).join(", ")}${more}`;
}
