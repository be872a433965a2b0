import type { BuiltCatalog } from "@lanspread/peer";
import { type ListedGame, type ListedPeer, type StruckOutSource, toSnakeCase } from "@lanspread/proto";
import type { Colors } from "picocolors/types.js";
import type { Failure } from "../failure.ts";
import { count, formatBytes, formatVersion, printable } from "./format.ts";
import { renderOutcomes } from "./outcomes.ts";
import type { PeerNames } from "./peer-names.ts";
import { renderTable } from "./table.ts";

/** How one requested operation on a game ended. */
export type OperationOutcome =
  | {
      readonly gameId: string;
      readonly outcome: "done";
      /** Nothing was to be done: no newer version is to be had. */
      readonly upToDate?: boolean;
      /** Bytes that were downloaded and verified; absent where nothing was transferred. */
      readonly bytes?: number;
      readonly pieces?: number;
      /** Pieces that had to be asked for again. */
      readonly retried?: number;
      readonly elapsedMs?: number;
      readonly mibPerS?: number;
      /** Bytes by the peer that sent them. */
      readonly sources?: Readonly<Record<string, number>>;
      /** Sources that sent wrong bytes; absent where there were none. */
      readonly struckOut?: readonly StruckOutSource[];
      /** Files that were unpacked; absent where nothing was installed. */
      readonly installedFiles?: number;
      readonly installedBytes?: number;
      /** What the install took, milliseconds. */
      readonly installMs?: number;
      /** Files that were deleted, by a removal. */
      readonly removedFiles?: number;
      readonly removedBytes?: number;
      /** What a removal could not delete yet. */
      readonly left?: number;
    }
  | { readonly gameId: string; readonly outcome: "cancelled" }
  | { readonly gameId: string; readonly outcome: "failed"; readonly error: Failure };

/** What a command found or did. Commands return it; the reporter alone prints it. */
export type CommandResult =
  | { readonly kind: "peers"; readonly peers: readonly ListedPeer[] }
  | { readonly kind: "games"; readonly games: readonly ListedGame[] }
  | {
      readonly kind: "operations";
      readonly verb: OperationVerb;
      readonly outcomes: readonly OperationOutcome[];
      /** How the peers are called where people read it. */
      readonly names: Pick<PeerNames, "nameOf" | "inText">;
    }
  | { readonly kind: "certificates"; readonly directory: string; readonly files: readonly string[] }
  | { readonly kind: "catalog"; readonly catalog: BuiltCatalog }
  /** Of commands that run on and told everything when it happened. */
  | { readonly kind: "nothing" };

export type OperationVerb = "get" | "update" | "install" | "uninstall" | "remove";
const PEER_ID_COLUMNS = 8;

/** The result as one JSON value, in the names of the JSONL harness. */
export function resultToJson(result: Exclude<CommandResult, { kind: "nothing" }>): object {
  switch (result.kind) {
    case "peers":
      return { peers: result.peers.map(toSnakeCase) };
    case "games":
      return { games: result.games.map(toSnakeCase) };
    case "operations":
      return { games: result.outcomes.map(toSnakeCase) };
    case "certificates":
      return { directory: result.directory, files: result.files };
    case "catalog":
      return catalogToJson(result.catalog);
  }
}

/** The result as lines for people; none where there is nothing to list. */
export function renderResult(result: Exclude<CommandResult, { kind: "nothing" }>, colors: Colors): string[] {
  switch (result.kind) {
    case "peers":
      return result.peers.length === 0 ? [] : renderPeers(result.peers, colors);
    case "games":
      return result.games.length === 0 ? [] : renderGames(result.games, colors);
    case "operations":
      return renderOutcomes(result.outcomes, result, colors);
    case "certificates":
      return [...result.files];
    case "catalog":
      return renderCatalog(result.catalog);
  }
}

/** The catalog itself, or what was written where. */
function catalogToJson({ file, text, name, games, kept, failed, skipped }: BuiltCatalog): object {
  if (file === null) return JSON.parse(text);
  const entries = games.map(({ id, version, size, content_id }) => ({ id, version, size, content_id }));
  return { file, name, games: entries, kept, failed: failed.map(({ id }) => id), skipped };
}

function renderCatalog({ file, text, games }: BuiltCatalog): string[] {
  if (file === null) return [text.trimEnd()];
  const bytes = games.reduce((sum, { size = 0 }) => sum + size, 0);
  return [`wrote ${file}  ${count(games.length, "game")}, ${formatBytes(bytes)}`];
}

function renderPeers(peers: readonly ListedPeer[], colors: Colors): string[] {
  return renderTable(
    [{ title: "NAME" }, { title: "ADDRESS" }, { title: "GAMES", align: "right" }, { title: "PEER ID" }],
    peers.map((peer) => [
      printable(peer.name),
      printable(peer.addr),
      String(peer.gameCount),
      peer.peerId.slice(0, PEER_ID_COLUMNS),
    ]),
    colors.bold,
  );
}

function renderGames(games: readonly ListedGame[], colors: Colors): string[] {
  return renderTable(
    [
      { title: "ID" },
      { title: "NAME" },
      { title: "VERSION" },
      { title: "SIZE", align: "right" },
      { title: "PEERS", align: "right" },
      { title: "HERE" },
    ],
    games.map((game) => [
      printable(game.id),
      printable(game.name),
      formatVersion(game.version),
      formatBytes(game.size),
      String(game.peerCount),
      printable(game.operation ?? localState(game)),
    ]),
    colors.bold,
  );
}

function localState(game: ListedGame): string {
  if (game.installed) return game.downloaded ? "downloaded, installed" : "installed";
  return game.downloaded ? "downloaded" : "-";
}
