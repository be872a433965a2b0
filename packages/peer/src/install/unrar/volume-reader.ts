import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, fromNodeError } from "../../errors/index.ts";
import { UnpackFailure } from "./failure.ts";
import { NO_FILE } from "./unrar-module.ts";
import { missingVolumeName, volumeCandidates } from "./volume-names.ts";

/** Never through a link, and never waiting for the other end of a pipe. */
const READ_SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What the versions of the format begin with: "Rar!", 0x1A, 0x07, and the version. */
const SIGNATURES = {
  rar5: Uint8Array.of(0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x01, 0x00),
  rar4: Uint8Array.of(0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x00),
};

interface OpenVolume {
  readonly descriptor: number;
  readonly path: string;
  readonly size: number;
  position: number;
}

/** The end of a volume that came earlier than the library expected. */
export interface EarlyEnd {
  readonly volume: string;
  /** The library began to read exactly there: what is before is complete. */
  readonly betweenBlocks: boolean;
  /** It began behind the end: the content that it had passed over, or unpacked, is not all there. */
  readonly inContent: boolean;
}

/** The reading half of the library's calls: the files beside the archive that the library takes for its volumes. */
export interface VolumeReader {
  /** The name under which the library is to open the archive. */
  readonly name: string;
  /** Absolute paths of the volumes in the order in which they were first opened. */
  readonly volumes: readonly string[];
  /** What the archive's first bytes say; a file that ends in them is a `rar5`, as far as it goes. */
  format(): keyof typeof SIGNATURES | undefined;
  /** What the last read found too early, if it did. */
  readonly endedEarly: EarlyEnd | undefined;
  open(name: string): number;
  close(handle: number): void;
  read(handle: number, into: Uint8Array): number;
  tell(handle: number): number;
  seek(handle: number, offset: number, from: "CUR" | "SET" | "END"): boolean;
  closeAll(): void;
}

/** Its handles are odd numbers. */
export function createVolumeReader(archive: string): VolumeReader {
  const directory = dirname(archive);
  const opened = new Map<number, OpenVolume>();
  const volumes: string[] = [];
  const missing: string[] = [];
  let nextHandle = 1;
  let siblings: ReadonlySet<string> | undefined;
  let endedEarly: EarlyEnd | undefined;

  const volume = (handle: number): OpenVolume => {
    const found = opened.get(handle);
    if (found === undefined) throw new Error(`no volume has the handle ${handle}`);
    return found;
  };

  /** The volume of this name; only direct neighbours of the archive count, in any spelling of upper and lower case. */
  const find = (name: string): string | undefined => {
    if (name === basename(archive)) return name;
    siblings ??= new Set(readdirSync(directory));
    for (const candidate of volumeCandidates(name)) {
      if (siblings.has(candidate)) return candidate;
      const folded = candidate.toLowerCase();
      for (const sibling of siblings) if (sibling.toLowerCase() === folded) return sibling;
    }
    return undefined;
  };

  return {
    name: basename(archive),
    volumes,
    get endedEarly() {
      return endedEarly;
    },
    format() {
      const first = openVolume(archive);
      try {
        const bytes = new Uint8Array(SIGNATURES.rar5.length);
        const found = bytes.subarray(0, readVolume(first, bytes));
        if (beginsAlike(found, SIGNATURES.rar5)) return "rar5";
        return beginsAlike(found, SIGNATURES.rar4) ? "rar4" : undefined;
      } finally {
        closeSync(first.descriptor);
      }
    },
    open(name) {
      const found = find(name);
      if (found === undefined) {
        // The library tries another scheme of names next, and after that the same name again, for ever.
        if (missing.includes(name)) {
          const wanted = missingVolumeName(missing);
          throw new UnpackFailure("archive-missing-volume", `${archive}: the volume ${wanted} is missing`);
        }
        missing.push(name);
        return NO_FILE;
      }
      missing.length = 0;
      const path = join(directory, found);
      const handle = nextHandle;
      opened.set(handle, openVolume(path));
      nextHandle += 2;
      if (!volumes.includes(path)) volumes.push(path);
      return handle;
    },
    close(handle) {
      closeSync(volume(handle).descriptor);
      opened.delete(handle);
    },
    read(handle, into) {
      const from = volume(handle);
      const begin = from.position;
      let done = 0;
      while (done < into.length) {
        const length = readVolume(from, into.subarray(done));
        if (length === 0) break;
        from.position += length;
        done += length;
      }
      endedEarly =
        done < into.length
          ? { volume: from.path, betweenBlocks: begin === from.size, inContent: begin > from.size }
          : undefined;
      return done;
    },
    tell: (handle) => volume(handle).position,
    seek(handle, offset, from) {
      const file = volume(handle);
      const base = from === "CUR" ? file.position : from === "END" ? file.size : 0;
      // Beyond the end is allowed, as everywhere: a truncated archive shows when it is read there.
      if (base + offset < 0) return false;
      file.position = base + offset;
      return true;
    },
    closeAll() {
      for (const { descriptor } of opened.values()) closeSync(descriptor);
      opened.clear();
    },
  };
}

function openVolume(path: string): OpenVolume {
  let descriptor: number;
  try {
    descriptor = openSync(path, READ_SAFELY);
  } catch (error) {
    if (errnoOf(error) === "ELOOP" || errnoOf(error) === "EMLINK") {
      throw new UnpackFailure("archive-unsupported", `${path} is a link, which is not followed`);
    }
    throw fromNodeError(error, path);
  }
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) {
    closeSync(descriptor);
    throw new UnpackFailure("archive-unsupported", `${path} is no regular file`);
  }
  return { descriptor, path, size: stats.size, position: 0 };
}

function readVolume(volume: OpenVolume, into: Uint8Array): number {
  // A damaged header leads to positions that the system does not even take.
  if (volume.position >= volume.size) return 0;
  try {
    return readSync(volume.descriptor, into, 0, into.length, volume.position);
  } catch (error) {
    throw fromNodeError(error, volume.path);
  }
}

/** Whether one is how the other begins. */
function beginsAlike(a: Uint8Array, b: Uint8Array): boolean {
  const length = Math.min(a.length, b.length);
  return a.subarray(0, length).every((byte, index) => byte === b[index]);
}
