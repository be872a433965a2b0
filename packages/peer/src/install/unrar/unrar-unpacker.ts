import { PeerError } from "../../errors/index.ts";
import { checkEntryPaths } from "../entry-rules.ts";
import type { ArchiveListing, StreamOptions, Unpacker, UnpackOptions } from "../types.ts";
import type { ApprovedEntry, RawListing } from "./messages.ts";
import { createRingPool } from "./ring-memory.ts";
import { createStreamToSink } from "./stream-to-sink.ts";
import { type LastReply, type UnpackingThread, withUnpackingThread } from "./unpacking-thread.ts";

/**
 * The default unpacker: UnRAR compiled to WebAssembly. Each call has a thread of its own, which ends with it: the
 * library's memory never shrinks, and after an error it is not used again.
 *
 * RAR 4 and RAR 5, solid or not, in one file or in volumes (`.partN.eti`; `.eti`, `.r00`, `.r01` …), of any size.
 * Stored data goes at 200 to 550 MB/s. Times are kept to the millisecond, those of RAR 4 to two seconds.
 */
export function createUnrarJsUnpacker(): Unpacker {
  const rings = createRingPool();
  return {
    list: (archive, { signal } = {}) =>
      withUnpackingThread({ archive, signal }, async (thread) =>
        describe(archive, await askForListing(thread, archive)),
      ),
    unpack: ({ archive, into, signal, onProgress }: UnpackOptions) =>
      withUnpackingThread({ archive, signal }, async (thread) => {
        const entries = approve(archive, await askForListing(thread, archive));
        const totalBytes = sumOfSizes(entries);
        const reply = await thread.ask({ type: "unpack", archive, into, entries }, async (told) => {
          if (told.type !== "progress") return;
          onProgress?.({
            entry: entries[Math.min(told.index, entries.length - 1)]?.path ?? "",
            doneEntries: told.index,
            totalEntries: entries.length,
            doneBytes: told.bytes,
            totalBytes,
          });
        });
        if (reply.type !== "unpacked") throw unexpected(reply);
        return reply.files;
      }),
    stream: async ({ archive, signal, sink }: StreamOptions) => {
      const memory = rings.take();
      let handing = Promise.resolve();
      try {
        return await withUnpackingThread({ archive, signal }, async (thread) => {
          const { control, leaveIfEnded } = thread;
          const entries = approve(archive, await askForListing(thread, archive));
          const handOver = createStreamToSink({ memory, control, sink, leaveIfEnded });
          const { ring } = memory;
          const reply = await thread.ask({ type: "stream", archive, entries, ring }, (told) => {
            if (told.type === "steps") handing = handOver(told);
            return handing;
          });
          if (reply.type !== "streamed") throw unexpected(reply);
          return reply.totals;
        });
      } finally {
        // The thread has ended; a sink that is in the middle of a call reads its bytes to the end of that.
        const give = (): void => rings.give(memory);
        void handing.then(give, give);
      }
    },
  };
}

/** A listing whose names have passed the rules for paths, with all that the headers tell. */
export interface ApprovedListing extends Omit<RawListing, "entries"> {
  readonly entries: readonly ApprovedEntry[];
}

/** Lists an archive for who unpacks it by other means. Rejects as {@link Unpacker.list} does. */
export function listApproved(archive: string, signal?: AbortSignal): Promise<ApprovedListing> {
  return withUnpackingThread({ archive, signal }, async (thread) => {
    const raw = await askForListing(thread, archive);
    return { ...raw, entries: approve(archive, raw) };
  });
}

async function askForListing({ ask }: UnpackingThread, archive: string): Promise<RawListing> {
  const reply = await ask({ type: "list", archive });
  if (reply.type !== "listing") throw unexpected(reply);
  return reply.listing;
}

function approve(archive: string, { entries }: RawListing): ApprovedEntry[] {
  const paths = checkEntryPaths(archive, entries);
  return entries.map((entry, index) => ({ ...entry, path: paths[index] ?? entry.name }));
}

function describe(archive: string, raw: RawListing): ArchiveListing {
  const entries = approve(archive, raw).map(({ path, type, size, mtime }) => ({ path, type, size, mtime }));
  return {
    solid: raw.solid,
    entries,
    unpackedBytes: sumOfSizes(entries),
    volumes: raw.volumes,
  };
}

function sumOfSizes(entries: readonly { readonly size: number }[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0);
}

function unexpected(reply: LastReply): PeerError {
  return new PeerError("internal", `the unpacking thread answered ${reply.type}`);
}
