import { isAbortError, PeerError } from "../../errors/index.ts";
import { UNPACK_PROGRESS_BYTES } from "../constants.ts";
import type { EntrySink, StreamTotals, Unpacker, UnpackProgress } from "../types.ts";
import { quoteName } from "../unrar/failure.ts";
import { type ApprovedListing, createUnrarJsUnpacker, listApproved } from "../unrar/unrar-unpacker.ts";
import { cutEntries, type EntryTarget, ShortOutput } from "./cut-entries.ts";
import { createDiskTarget } from "./disk-target.ts";
import { explain, hasVerified, hasWritten } from "./explain.ts";
import { openProgram } from "./open-program.ts";
import { type Program, printArguments, testArguments } from "./programs.ts";
import { runProgram } from "./run-program.ts";
import { nameVolumes } from "./volume-links.ts";

/** An unpacker that uses another program. */
export interface ExternalUnpacker extends Unpacker {
  /** What the program calls itself, with its version, and its absolute path. */
  readonly description: string;
}

/**
 * Unpacks with an UnRAR or 7-Zip of this machine, which may be faster than the built-in one and know newer methods.
 *
 * The program decompresses and does nothing else. The headers are read here, by the same rules as always, and the program
 * writes all content to a pipe, in one pass: so it never creates a file, sees no name, and what it gives is cut by the
 * listing, compared with the listed checksums and written by us. Content whose checksum the headers do not tell (RAR 4
 * over several volumes; BLAKE2) the program compares itself in a pass of its own before.
 *
 * @param path of the program.
 * @throws PeerError `unpacker-unusable` where it is not there or cannot be used; `cancelled`.
 */
export async function createExternalUnpacker(
  path: string,
  { signal: starting }: { readonly signal?: AbortSignal } = {},
): Promise<ExternalUnpacker> {
  const program = await openProgram(path, starting);
  return {
    description: `${program.title} (${program.path})`,
    list: createUnrarJsUnpacker().list,
    unpack: ({ archive, into, signal, onProgress }) =>
      cancellable(archive, signal, async () => {
        const listing = await listApproved(archive, signal);
        await using target = createDiskTarget(into);
        const watched = onProgress === undefined ? target : withProgress(target, listing, onProgress);
        await unpackInto({ program, archive, listing, target: watched, signal });
        return await target.finish();
      }),
    stream: ({ archive, signal, sink }) =>
      cancellable(archive, signal, async () => {
        const listing = await listApproved(archive, signal);
        const totals = { files: 0, bytes: 0 };
        await unpackInto({ program, archive, listing, target: toSink(sink, totals, signal), signal });
        return totals;
      }),
  };
}

interface UnpackIntoOptions {
  readonly program: Program;
  readonly archive: string;
  readonly listing: ApprovedListing;
  readonly target: EntryTarget;
  readonly signal: AbortSignal | undefined;
}

async function unpackInto({ program, archive, listing, target, signal }: UnpackIntoOptions): Promise<void> {
  const { entries, volumes } = listing;
  const files = entries.filter(({ type }) => type === "file");
  // Without content there is nothing to ask a program for, and UnRAR takes it for a mistake.
  if (files.every(({ size }) => size === 0))
    return await cutEntries({ archive, entries, output: nothing(), target });
  await using named = await nameVolumes(volumes);
  const run = (args: readonly string[]) =>
    runProgram({ path: program.path, args, ...(signal === undefined ? {} : { signal }) });

  if (files.some(({ crc32 }) => crc32 === null)) {
    await using testing = run(testArguments(program.kind, named.path));
    for await (const _ of testing.output);
    const end = await testing.end();
    signal?.throwIfAborted();
    if (!hasVerified(end)) throw failure(archive, explain(program.title, end));
  }
  await using printing = run(printArguments(program.kind, named.path));
  try {
    await cutEntries({ archive, entries, output: printing.output, target });
  } catch (error) {
    if (!(error instanceof ShortOutput)) throw error;
    const end = await printing.end();
    signal?.throwIfAborted();
    throw failure(`${archive}: ${quoteName(error.entry.name)}`, explain(program.title, end));
  }
  const end = await printing.end();
  signal?.throwIfAborted();
  if (!hasWritten(end)) throw failure(archive, explain(program.title, end));
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function failure(what: string, { code, says }: ReturnType<typeof explain>): PeerError {
  return new PeerError(code, `${what} ${says}`);
}

function withProgress(
  target: EntryTarget,
  { entries }: ApprovedListing,
  onProgress: (progress: UnpackProgress) => void,
): EntryTarget {
  const totalBytes = entries.reduce((sum, { size }) => sum + size, 0);
  let index = -1;
  let doneBytes = 0;
  let reported = 0;
  const report = (): void => {
    reported = doneBytes;
    const entry = entries[index]?.path ?? "";
    onProgress({ entry, doneEntries: index, totalEntries: entries.length, doneBytes, totalBytes });
  };
  const next = (): void => {
    index += 1;
    report();
  };
  return {
    directory: (entry) => {
      next();
      return target.directory(entry);
    },
    begin: (entry, mtime) => {
      next();
      return target.begin(entry, mtime);
    },
    bytes: async (chunk) => {
      await target.bytes(chunk);
      doneBytes += chunk.length;
      if (doneBytes - reported >= UNPACK_PROGRESS_BYTES) report();
    },
    end: (crc32) => target.end(crc32),
  };
}

/** Leads content to a sink, and counts it. A call of the sink that does not come back is left when the signal is aborted. */
function toSink(
  sink: EntrySink,
  totals: { -readonly [K in keyof StreamTotals]: StreamTotals[K] },
  signal: AbortSignal | undefined,
): EntryTarget {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  signal?.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
  const handOver = async (call: () => Promise<void>): Promise<void> => {
    signal?.throwIfAborted();
    await Promise.race([call(), aborted.promise]);
  };
  return {
    directory: ({ path }) => handOver(() => sink.directory({ path })),
    begin: ({ path, size }, mtime) => handOver(() => sink.fileBegin({ path, size, mtime })),
    bytes: async (chunk) => {
      await handOver(() => sink.bytes(chunk));
      totals.bytes += chunk.length;
    },
    end: async (crc32) => {
      await handOver(() => sink.fileEnd({ crc32 }));
      totals.files += 1;
    },
  };
}

/** Runs `work`; whatever ends it after the signal was aborted is that. */
async function cancellable<T>(
  archive: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await work();
  } catch (error) {
    if (signal?.aborted === true || isAbortError(error)) {
      throw new PeerError("cancelled", `Unpacking ${archive} was cancelled.`, { cause: error });
    }
    throw error;
  }
}
