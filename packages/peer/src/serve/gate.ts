import {
  checkWirePath,
  describeRefusal,
  type GameId,
  type GameVersion,
  type Hash,
  type Manifest,
  type ManifestFile,
  type WireErrorCode,
} from "@lanspread/proto";
import { isReservedOrLocalPath } from "../storage/reserved-names.ts";
import { ALLOWED_PATHS } from "./constants.ts";

/** What is known of one game at this moment. */
export interface ServeView {
  /** Whether the game exists for this party. */
  readonly inCatalog: boolean;
  /** The only version that is served; undefined where any is. */
  readonly catalogVersion: GameVersion | undefined;
  /** An operation works on the game. */
  readonly operationActive: boolean;
  /** Version of a valid sentinel; null where the game is not downloaded. */
  readonly version: GameVersion | null;
  /** The current manifest; null where the game is not to be served. */
  readonly manifest: Manifest | null;
  /** The file of the current manifest with exactly this path. */
  fileAt(path: string): ManifestFile | undefined;
}

/** What is asked for. */
export interface ServeRequest {
  readonly gameId: GameId;
  /** What the requester takes for the current manifest; absent where it asks for the manifest. */
  readonly manifestHash?: Hash;
  /** As it came over the wire. */
  readonly path?: string;
  /** A part of the file, bytes; absent for all of it. */
  readonly range?: { readonly offset: number; readonly length: number };
}

export interface ServeRefusal {
  readonly allow: false;
  readonly refuse: WireErrorCode;
  readonly message: string;
  /** The same request may be right later. */
  readonly retryable: boolean;
}

export interface ServePermission {
  readonly allow: true;
  readonly manifest: Manifest;
  /** The file asked for, and the part of it in bytes; null where no file is asked for. */
  readonly part: { readonly file: ManifestFile; readonly offset: number; readonly length: number } | null;
}

export type ServeDecision = ServePermission | ServeRefusal;

/** Whether anything of the game can be granted at all. */
export function isServable(view: ServeView): boolean {
  return view.manifest !== null && decideServe(view, { gameId: view.manifest.game_id }).allow;
}

/**
 * The serving gate: whether a request for a game is granted. Asked for every request, and again whenever bytes are about
 * to be read. What lies on the disk is looked at only after it said yes.
 */
export function decideServe(view: ServeView, request: ServeRequest): ServeDecision {
  const { gameId } = request;
  if (!view.inCatalog) return refuse("not_in_catalog", `${gameId} is not in the catalog of this party`);
  if (view.operationActive) {
    return refuse("operation_active", `${gameId} is being worked on`, RETRYABLE);
  }
  const { version, manifest, catalogVersion } = view;
  if (version === null) return refuse("not_downloaded", `${gameId} is not here`);
  if (catalogVersion !== undefined && catalogVersion !== version) {
    return refuse("version_mismatch", `${gameId} is here at ${version}, the party plays ${catalogVersion}`);
  }
  if (manifest === null || manifest.version !== version) {
    return refuse("not_downloaded", `${gameId} is not to be had here`);
  }
  if (request.manifestHash !== undefined && request.manifestHash !== manifest.manifest_hash) {
    return refuse("manifest_changed", `${gameId} has another manifest now`);
  }
  if (request.path === undefined) return { allow: true, manifest, part: null };
  return decidePart(view, manifest, request.path, request.range);
}

function decidePart(
  view: ServeView,
  manifest: Manifest,
  path: string,
  range: ServeRequest["range"],
): ServeDecision {
  const refusal = judgePath(path);
  if (refusal !== null) return refusal;
  const file = view.fileAt(path);
  if (file === undefined) return refuse("no_such_file", `${JSON.stringify(path)}: the game has no such file`);
  const { offset, length } = range ?? { offset: 0, length: file.size };
  if (offset > file.size || length > file.size - offset) {
    return refuse(
      "bad_request",
      `${JSON.stringify(path)}: has ${file.size} bytes, which end before the range`,
    );
  }
  return { allow: true, manifest, part: { file, offset, length } };
}

/** Paths that were found to be allowed: for one small file the gate is asked five times and more. */
const allowed = new Set<string>();

/** Whether a path may be asked for at all, whatever the game: that never changes. */
function judgePath(path: string): ServeRefusal | null {
  if (allowed.has(path)) return null;
  const broken = checkWirePath(path);
  if (broken !== null) return refuse("forbidden_path", describeRefusal(broken));
  if (isReservedOrLocalPath(path)) {
    return refuse("forbidden_path", `${JSON.stringify(path)}: the path is no part of the game`);
  }
  if (allowed.size >= ALLOWED_PATHS) allowed.clear();
  allowed.add(path);
  return null;
}

const RETRYABLE = true;

function refuse(code: WireErrorCode, message: string, retryable = false): ServeRefusal {
  return { allow: false, refuse: code, message, retryable };
}
