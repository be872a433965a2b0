import type { GameId, Manifest, ManifestFile } from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import type { Library } from "../library/index.ts";
import type { ServeView } from "./gate.ts";

export interface ServeViewOptions {
  readonly library: Pick<Library, "manifestOf" | "snapshot">;
  readonly catalog: Catalog;
  readonly isBusy: (id: GameId) => boolean;
}

/** Looks up what the serving gate has to know. Reads nothing from the disk; costs little, since every read asks. */
export function createServeViews({ library, catalog, isBusy }: ServeViewOptions): (id: GameId) => ServeView {
  const files = new WeakMap<Manifest, ReadonlyMap<string, ManifestFile>>();
  const filesOf = (manifest: Manifest): ReadonlyMap<string, ManifestFile> => {
    const known = files.get(manifest);
    if (known !== undefined) return known;
    const byPath = new Map(manifest.files.map((file) => [file.path, file]));
    files.set(manifest, byPath);
    return byPath;
  };
  return (id) => {
    const manifest = library.manifestOf(id)?.manifest ?? null;
    return {
      inCatalog: catalog.has(id),
      catalogVersion: catalog.versionOf(id),
      operationActive: isBusy(id),
      version: manifest?.version ?? announcedVersion(library, id),
      manifest,
      fileAt: (path) => (manifest === null ? undefined : filesOf(manifest).get(path)),
    };
  };
}

/** Of a game that is here and not served: what other peers were told of it. */
function announcedVersion(library: Pick<Library, "snapshot">, id: GameId): ServeView["version"] {
  const summary = library.snapshot().games.find((game) => game.id === id);
  return summary?.downloaded === true ? summary.version : null;
}
