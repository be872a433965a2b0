import { createHash } from "node:crypto";
import { openCatalogForAll, Roster } from "@lanspread/peer/parts";
import {
  asGameId,
  asPeerId,
  type GameSummary,
  gameVersionSchema,
  type Hash,
  hashSchema,
  librarySnapshotSchema,
  type PeerId,
} from "@lanspread/proto";
import { endWithParent, say, settings } from "../../child.ts";
import { memoryInUse } from "../cost.ts";
import { idOf } from "../make-games.ts";
import type { TableCosts, TableSettings } from "../messages.ts";

// The libraries of a whole party, and what it costs when one game of one peer becomes another.

const { peers, games, deltas } = settings<TableSettings>();

endWithParent();

const VERSION = gameVersionSchema.parse("20180412");
const NEWER_VERSION = gameVersionSchema.parse("20180413");

const before = memoryInUse();
const roster = new Roster(openCatalogForAll, () => undefined);
const ids = Array.from({ length: peers }, (_, peer) => peerIdOf(peer));
for (const [peer, peerId] of ids.entries()) {
  const facts = { peerId, name: `peer ${peer}`, addr: `10.0.0.1:${1024 + peer}`, features: [] };
  // As it comes over the wire: every peer's strings are its own.
  const wire = JSON.stringify({ library_rev: 1, games: Array.from({ length: games }, (_, n) => gameOf(n)) });
  const library = librarySnapshotSchema.parse(JSON.parse(wire));
  roster.welcome({ facts, library, now: 0, mayBeLate: false });
}
roster.view.games();
const heapBytes = memoryInUse() - before;

let applied = 0;
/** Games that a peer does not serve at the moment; one number for peer and game. */
const away = new Set<number>();
/** Games of which a peer has the newer version at the moment. */
const newer = new Set<number>();
applyDeltas(() => undefined);
const deltaMicros = applyDeltas(() => undefined);
const deltaAndListMicros = applyDeltas(() => roster.view.games());
say({ heapBytes, deltaMicros, deltaAndListMicros } satisfies TableCosts);
process.stdin.pause();

/** Each changes the next game of the next peer, by turns: it is served no more or again, or has another version. */
function applyDeltas(afterwards: () => unknown): number {
  const changed = Array.from({ length: deltas }, (_, n) => {
    const [peer, game] = [(applied + n) % peers, (applied + n) % games];
    const place = peer * games + game;
    const changing = Math.floor((applied + n) / peers) % 2 === 0 ? away : newer;
    if (!changing.delete(place)) changing.add(place);
    return {
      ...gameOf(game),
      ...(newer.has(place) ? { version: NEWER_VERSION } : {}),
      ...(away.has(place) ? { availability: "local_only" as const } : {}),
    };
  });
  const startMs = performance.now();
  for (const game of changed) {
    const peerId = ids[applied % peers];
    const from = peerId === undefined ? undefined : roster.table.revisionOf(peerId);
    if (peerId === undefined || from === undefined) throw new Error("a peer is missing");
    const delta = { from_rev: from, to_rev: from + 1, added: [], updated: [game], removed: [] };
    if (!roster.applyDelta(peerId, delta)) throw new Error("a delta did not fit");
    afterwards();
    applied += 1;
  }
  return ((performance.now() - startMs) * 1_000) / deltas;
}

function gameOf(game: number): GameSummary {
  const id = asGameId(idOf(game));
  return {
    id,
    name: `The Great Game, part ${game}`,
    version: VERSION,
    size: 1_000_000 + game,
    downloaded: true,
    installed: false,
    manifest_hash: hashOf(`manifest of ${id}`),
    content_id: hashOf(`content of ${id}`),
    availability: "ready",
  };
}

function hashOf(text: string): Hash {
  return hashSchema.parse(createHash("sha256").update(text).digest("hex"));
}

/** A UUID of version 8, like those that are made of keys. */
function peerIdOf(peer: number): PeerId {
  const digits = createHash("sha256").update(`peer ${peer}`).digest("hex");
  return asPeerId(
    [
      digits.slice(0, 8),
      digits.slice(8, 12),
      `8${digits.slice(12, 15)}`,
      `8${digits.slice(15, 18)}`,
      digits.slice(18, 30),
    ].join("-"),
  );
}
