import { crc32 } from "node:zlib";
import { PeerError } from "../../errors/index.ts";
import { quoteName } from "../unrar/failure.ts";
import type { ApprovedEntry } from "../unrar/messages.ts";
import { GATHER_BYTES } from "./constants.ts";

/** Where the content of entries goes. Every promise is waited for before the next call. */
export interface EntryTarget {
  directory(entry: ApprovedEntry): Promise<void>;
  /** A file begins. `mtime` in milliseconds since 1970-01-01 UTC. */
  begin(entry: ApprovedEntry, mtime: number): Promise<void>;
  /** At most {@link GATHER_BYTES}. They are other bytes once it has resolved. */
  bytes(chunk: Uint8Array): Promise<void>;
  /** All bytes of the file have come, with the checksum that the archive states. */
  end(crc32: number): Promise<void>;
}

export interface CutEntriesOptions {
  /** Names the archive in errors. */
  readonly archive: string;
  /** In the archive's order. */
  readonly entries: readonly ApprovedEntry[];
  /** The content of all files, one after the other. Whoever opened it closes it, also where it is not read to its end. */
  readonly output: AsyncIterable<Uint8Array>;
  readonly target: EntryTarget;
}

/** Thrown where there are fewer bytes than the entries need: what gives them knows why. */
export class ShortOutput extends Error {
  readonly entry: ApprovedEntry;

  constructor(entry: ApprovedEntry) {
    super(`the output ends in ${entry.path}`);
    this.entry = entry;
  }
}

/**
 * Cuts a stream of bytes into the files that it consists of, by their sizes, and compares each with its checksum where it
 * is known: bytes that are missing or added anywhere show there.
 *
 * @throws PeerError `archive-damaged`; ShortOutput; whatever output and target throw.
 */
export async function cutEntries({ archive, entries, output, target }: CutEntriesOptions): Promise<void> {
  const source = createGatherer(output);
  /** The last bytes that were handed over: the next ones are gathered in the meantime. */
  let handedOver: Promise<void> = Promise.resolve();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const handOver = async (chunk: Uint8Array): Promise<void> => {
    await handedOver;
    handedOver = target.bytes(chunk);
    handedOver.catch(failed.reject);
  };
  try {
    for (const entry of entries) {
      if (entry.type === "directory") {
        await target.directory(entry);
        continue;
      }
      await target.begin(entry, entry.mtime ?? Date.now());
      let crc = 0;
      for (let left = entry.size; left > 0; ) {
        // The output may stand still: a target that fails is not to wait for it.
        const chunk = await Promise.race([source.take(Math.min(left, GATHER_BYTES)), failed.promise]);
        if (chunk.length === 0) throw new ShortOutput(entry);
        left -= chunk.length;
        crc = crc32(chunk, crc);
        await handOver(chunk);
      }
      await handedOver;
      if (entry.crc32 !== null && entry.crc32 !== crc) {
        throw new PeerError("archive-damaged", `${archive}: ${quoteName(entry.name)}: the checksum is wrong`);
      }
      await target.end(crc);
    }
    if ((await source.take(1)).length > 0) {
      throw new PeerError("archive-damaged", `${archive} unpacks to more bytes than its headers say`);
    }
  } finally {
    await handedOver.catch(() => {});
  }
}

/** Gives bytes in the amounts that are asked for. */
interface Gatherer {
  /** So many bytes, fewer only at the end. They are other bytes with the call after the next. */
  take(bytes: number): Promise<Uint8Array>;
}

function createGatherer(output: AsyncIterable<Uint8Array>): Gatherer {
  const chunks = output[Symbol.asyncIterator]();
  let [gathered, other] = [new Uint8Array(GATHER_BYTES), new Uint8Array(GATHER_BYTES)];
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async take(bytes) {
      [gathered, other] = [other, gathered];
      let filled = 0;
      while (filled < bytes) {
        if (rest.length === 0) {
          const next = await chunks.next();
          if (next.done === true) break;
          rest = next.value;
        }
        const part = rest.subarray(0, bytes - filled);
        gathered.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
      }
      return gathered.subarray(0, filled);
    },
  };
}
