import { basename } from "node:path";
import type { ManifestFile } from "@lanspread/proto";
import { PeerError } from "../../errors/index.ts";
import { archiveNamesOf, type InspectOptions, inspectPayload } from "../../install/payload.ts";
import { tellUnpackFailure } from "../../install/tell-unpacking.ts";
import { silentLogger, UNPACK_LOGGER } from "../../logger.ts";
import { Refused } from "../../serve/refused.ts";
import { type ArchiveFiles, checkArchiveFiles } from "./archive-files.ts";
import type { ArchiveHead, InstallFrames } from "./install-frames.ts";

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
  const { root, unpacker, signal, frames, logger = silentLogger } = options;
  const log = logger.child(UNPACK_LOGGER);
  const gameId = basename(root);
  for (const { archive, head, files } of await listArchives(options)) {
    const told = { gameId, archive: head.name };
    log.info("an archive is unpacked for somebody else", { ...told, bytes: head.unpackedSize });
    await frames.beginArchive(head);
    try {
      await whileUnchanged(files, () => unpacker.stream({ archive, signal, sink: frames.sink }));
    } catch (error) {
      if (isOfArchive(error)) tellUnpackFailure(logger, gameId, archive, error);
      else log.info("the unpacking for somebody else has ended early", told);
      throw error;
    }
    log.info("the archive is unpacked for somebody else", told);
  }
}

/** All that is needed of a listing: its entries are many, and a stream may take hours. */
interface ListedArchive {
  /** Absolute path. */
  readonly archive: string;
  readonly head: ArchiveHead;
  readonly files: ArchiveFiles;
}

/** Lists every archive, which checks all of their names, and that they are those of the manifest. */
async function listArchives(options: SendArchivesOptions): Promise<readonly ListedArchive[]> {
  const { files, fileAt } = options;
  const source = await inspectPayload(options);
  const archives = source.kind === "archives" ? source.archives : [];
  const read = new Set(archives.flatMap(({ listing }) => listing.volumes.map((path) => basename(path))));
  const missing = archiveNamesOf(files.map(({ path }) => path)).find((name) => !read.has(name));
  if (missing !== undefined) {
    throw new Refused("manifest_changed", `${JSON.stringify(missing)}: is no longer there`);
  }
  return await Promise.all(
    archives.map(async ({ path, listing: { solid, unpackedBytes, entries, volumes } }) => ({
      archive: path,
      head: { name: basename(path), solid, unpackedSize: unpackedBytes, entries: entries.length },
      files: await checkArchiveFiles(volumes, fileAt),
    })),
  );
}

/** What an archive that changes meanwhile gives is worth nothing, whether it looks whole or damaged. */
async function whileUnchanged(files: ArchiveFiles, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await files.requireUnchanged();
    throw error;
  }
  await files.requireUnchanged();
}

/** Whether it is the archive that is at fault, not who gets it. */
function isOfArchive(error: unknown): boolean {
  return error instanceof PeerError && error.code.startsWith("archive-");
}
