import { quoteName, UnpackFailure } from "./failure.ts";
import { passwordNeeded } from "./headers.ts";
import { ARCHIVE_FLAG, type Header, RESULT, type UnrarModule } from "./unrar-module.ts";
import type { EarlyEnd, VolumeReader } from "./volume-reader.ts";

/** What entries compressed by RAR 3 and later need to be unpacked, times ten. RAR 3 began to end archives with a block. */
const RAR_3 = 29;
/** The method of entries that are stored: any version of RAR may have written them. */
const STORED = 0x30;

export interface ArchiveWalk {
  readonly archive: string;
  readonly reader: VolumeReader;
  readonly listOnly: boolean;
  /**
   * Called with each header. It returns whether to unpack the entry; `done` is called when that has happened.
   */
  entry(header: Header): { readonly unpack: boolean; done?(): void };
}

/**
 * Leads the library through an archive, from the first entry to the last, and turns its results into our errors.
 *
 * @returns whether the archive is solid.
 * @throws UnpackFailure, and whatever `entry` and the calls of the reader throw.
 */
export function walkArchive(unrar: UnrarModule, walk: ArchiveWalk): { readonly solid: boolean } {
  const { archive, reader } = walk;
  const rar = new unrar.RarArchive();
  const { state, flags } = rar.open(reader.name, "", walk.listOnly);
  if (state.errCode !== RESULT.ok) throw openFailure(archive, state.errCode, reader);
  if ((flags & ARCHIVE_FLAG.headersEncrypted) !== 0) throw passwordNeeded(archive);
  if ((flags & ARCHIVE_FLAG.volume) !== 0 && (flags & ARCHIVE_FLAG.firstVolume) === 0) {
    throw new UnpackFailure(
      "archive-missing-volume",
      `${archive} is not the first volume of its set: the volumes before it are missing`,
    );
  }
  let newest = 0;
  let last: string | undefined;
  for (;;) {
    const header = rar.getFileHeader();
    if (header.state.errCode === RESULT.endOfArchive) break;
    if (header.state.errCode !== RESULT.ok) throw readFailure(archive, header.state.errCode, reader);
    if (header.method !== STORED) newest = Math.max(newest, header.unpVer);
    last = header.name;
    const { unpack, done } = walk.entry(header);
    const result = namingEntry(header.name, () => rar.readFile(!unpack));
    if (result.errCode !== RESULT.ok) throw readFailure(archive, result.errCode, reader, header.name);
    done?.();
  }
  // The library takes the end of the file for the end of the archive: entries cut off there would not be missed.
  const { endedEarly } = reader;
  if (endedEarly !== undefined && !mayEndWithoutBlock(endedEarly, reader, newest)) {
    throw truncated(endedEarly, endedEarly.inContent ? last : undefined);
  }
  rar.delete();
  return { solid: (flags & ARCHIVE_FLAG.solid) !== 0 };
}

/** Reads an entry; who hears that a volume is missing hears what goes on in it. */
function namingEntry<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnpackFailure) || error.code !== "archive-missing-volume") throw error;
    throw new UnpackFailure(error.code, `${error.message}, where ${quoteName(name)} goes on`);
  }
}

/** Archives of RAR 2 have no block at their end. Only what it compressed proves that an archive is of RAR 2. */
function mayEndWithoutBlock({ betweenBlocks }: EarlyEnd, reader: VolumeReader, newest: number): boolean {
  return betweenBlocks && newest > 0 && newest < RAR_3 && reader.format() === "rar4";
}

function openFailure(archive: string, result: number, reader: VolumeReader): UnpackFailure {
  if (result === RESULT.badArchive || result === RESULT.unknownFormat) {
    if (reader.format() === undefined) {
      return new UnpackFailure("archive-unsupported", `${archive} is no RAR archive`);
    }
    if (reader.endedEarly !== undefined) return truncated(reader.endedEarly);
  }
  return readFailure(archive, result, reader);
}

function readFailure(archive: string, result: number, reader: VolumeReader, name?: string): UnpackFailure {
  const what = name === undefined ? archive : `${archive}: ${quoteName(name)}`;
  switch (result) {
    case RESULT.missingPassword:
    case RESULT.badPassword:
      return passwordNeeded(archive, name);
    case RESULT.noMemory:
      return new UnpackFailure("archive-unsupported", `${what} needs more memory than there is`);
    case RESULT.unknownFormat:
      return new UnpackFailure("archive-unsupported", `${what} is packed by a method that is not supported`);
    case RESULT.badReference:
      return new UnpackFailure(
        "archive-unsupported",
        `${what} is a reference to another entry, which is refused`,
      );
    case RESULT.cannotOpen:
      return new UnpackFailure("archive-missing-volume", `${what} goes on in a volume that is missing`);
    default:
      if (reader.endedEarly !== undefined) return truncated(reader.endedEarly, name);
      return new UnpackFailure(
        "archive-damaged",
        name === undefined ? `${archive}: a header is damaged` : `${what}: the checksum is wrong`,
      );
  }
}

function truncated({ volume }: EarlyEnd, name?: string): UnpackFailure {
  const where = name === undefined ? "" : `, in ${quoteName(name)}`;
  return new UnpackFailure("archive-truncated", `${volume} ends too early${where}`);
}
