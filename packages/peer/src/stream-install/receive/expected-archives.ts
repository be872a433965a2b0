import { comparePaths, type GameId, type Manifest } from "@lanspread/proto";
import { isReservedOrLocalPath, SENTINEL_NAME } from "../../storage/reserved-names.ts";

const ARCHIVE = /^[^/]+\.eti$/iu;

/** What the streamed install of a game has to consist of, as far as its manifest says. */
export type ExpectedArchives =
  | {
      readonly kind: "archives";
      /** Files of the game root that are archives, or later volumes of one, in the order in which they are unpacked. Size in bytes. */
      readonly archives: readonly { readonly name: string; readonly size: number }[];
    }
  | {
      readonly kind: "files";
      /** The game has no archives: its files come as one archive of this name. */
      readonly name: GameId;
      /** Path → bytes. */
      readonly files: ReadonlyMap<string, number>;
    };

/** An install from disk chooses in the same way. */
export function expectedArchives(manifest: Manifest): ExpectedArchives {
  const payload = manifest.files.filter(({ path }) => path !== SENTINEL_NAME && !isReservedOrLocalPath(path));
  const archives = payload
    .filter(({ path }) => ARCHIVE.test(path))
    .sort((one, other) => comparePaths(one.path, other.path));
  if (archives.length === 0) {
    return {
      kind: "files",
      name: manifest.game_id,
      files: new Map(payload.map(({ path, size }) => [path, size])),
    };
  }
  return { kind: "archives", archives: archives.map(({ path, size }) => ({ name: path, size })) };
}

/** Bytes of the archives behind the one of this name, packed: later volumes of the same set are part of it. */
export function packedBytesBehind(expected: ExpectedArchives, name: string): number {
  if (expected.kind === "files") return 0;
  return expected.archives
    .filter((other) => comparePaths(other.name, name) > 0 && !mayBeVolume(name, other.name))
    .reduce((sum, { size }) => sum + size, 0);
}

const PART = /\.part\d+\.eti$/iu;

/** Whether a file may be a later volume of the set that begins with another one, so that it is no archive by itself. */
export function mayBeVolume(first: string, later: string): boolean {
  return PART.test(first) && PART.test(later) && first.replace(PART, "") === later.replace(PART, "");
}
