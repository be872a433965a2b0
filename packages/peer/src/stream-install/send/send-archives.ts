import { basename } from "node:path";
import type { ManifestFile } from "@lanspread/proto";
import { archiveNamesOf, type InspectOptions, inspectPayload } from "../../install/payload.ts";
import { Refused } from "../../serve/refused.ts";
import { type ArchiveFiles, checkArchiveFiles } from "./archive-files.ts";
import type { InstallFrames } from "./install-frames.ts";

export interface SendArchivesOptions extends InspectOptions {
  readonly signal: AbortSignal;
  /** The files of the manifest. */
  readonly files: readonly ManifestFile[];
  readonly fileAt: (path: string) => ManifestFile | undefined;
  readonly frames: InstallFrames;
}

/**
 * Sends what the archives of a game hold, in the order in which an install unpacks them. Each is read once, from its first
 * entry to its last: any other way would unpack a solid one again and again.
 *
 * @throws Refused `manifest_changed` where the archives are not those of the manifest, and a WireError where they change;
 *   PeerError of the unpacker; what the stream, the gate and the signal say. No thread is left then.
 */
export async function sendArchives(options: SendArchivesOptions): Promise<void> {
  const { unpacker, signal, files, fileAt, frames } = options;
  const source = await inspectPayload(options);
  const archives = source.kind === "archives" ? source.archives : [];
  const read = new Set(archives.flatMap(({ listing }) => listing.volumes.map((path) => basename(path))));
  const missing = archiveNamesOf(files.map(({ path }) => path)).find((name) => !read.has(name));
  if (missing !== undefined) {
    throw new Refused("manifest_changed", `${JSON.stringify(missing)}: is no longer there`);
  }
  const states = await Promise.all(archives.map(({ listing }) => checkArchiveFiles(listing.volumes, fileAt)));
  for (const [index, { path, listing }] of archives.entries()) {
    await frames.beginArchive({
      name: basename(path),
      solid: listing.solid,
      unpackedSize: listing.unpackedBytes,
      entries: listing.entries.length,
    });
    await whileUnchanged(states[index], () => unpacker.stream({ archive: path, signal, sink: frames.sink }));
  }
}

/** What an archive that changes meanwhile gives is worth nothing, whether it looks whole or damaged. */
async function whileUnchanged(state: ArchiveFiles | undefined, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await state?.requireUnchanged();
    throw error;
  }
  await state?.requireUnchanged();
}
