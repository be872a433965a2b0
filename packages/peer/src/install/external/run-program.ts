import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import type { Readable } from "node:stream";
import { errnoOf, fromNodeError, PeerError } from "../../errors/index.ts";
import { MAX_COMPLAINT_BYTES } from "./constants.ts";

/** How a program ended. */
export interface ProgramEnd {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The first of what it wrote to standard error. */
  readonly complaints: string;
}

/** A program that runs. Whoever started it disposes of it: then it has ended, and with it what it started. */
export interface RunningProgram extends AsyncDisposable {
  /** What it writes to standard output. It waits while nobody reads. Each chunk is gone when the next one is asked for. */
  readonly output: AsyncIterable<Buffer>;
  /** @throws PeerError `unpacker-unusable` where it cannot be started, `cancelled`. */
  end(): Promise<ProgramEnd>;
}

export interface RunProgramOptions {
  /** Absolute path of the program. */
  readonly path: string;
  readonly args: readonly string[];
  /** Ends the program at once. */
  readonly signal?: AbortSignal;
}

/** On Windows there are no process groups; there the program itself is ended. */
const HAS_GROUPS = process.platform !== "win32";

/** Starts a program without a shell, with an empty standard input and a process group of its own. */
export function runProgram({ path, args, signal }: RunProgramOptions): RunningProgram {
  signal?.throwIfAborted();
  const child = spawn(path, args, {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: tmpdir(),
    env: { ...process.env, LC_ALL: "C.UTF-8" },
    detached: HAS_GROUPS,
    windowsHide: true,
  });
  // When a program ends, Node throws away what nobody has begun to read; this is a beginning, and takes nothing.
  child.stdout.on("readable", () => {});
  const complaints = gather(child.stderr);
  const ended = endOf(child, path, complaints);
  ended.catch(() => {});
  const kill = (): void => endGroup(child);
  signal?.addEventListener("abort", kill, { once: true });
  return {
    output: freeing(child.stdout),
    end: () => ended,
    async [Symbol.asyncDispose]() {
      kill();
      child.stdout.destroy();
      await ended.catch(() => {});
      signal?.removeEventListener("abort", kill);
    },
  };
}

async function endOf(
  child: ChildProcessByStdio<null, Readable, Readable>,
  path: string,
  complaints: () => string,
): Promise<ProgramEnd> {
  try {
    const [exitCode, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    return { exitCode, signal, complaints: complaints() };
  } catch (error) {
    throw notStarted(path, error);
  }
}

/**
 * Frees each chunk at once. Each is a block of memory of its own, of which V8 lets some 64 MiB lie around before it looks
 * for what is not needed any more.
 */
async function* freeing(stream: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    yield chunk;
    if (chunk.length === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer)
      chunk.buffer.transfer(0);
  }
}

/** Reads a stream to its end and keeps its beginning. */
function gather(stream: Readable): () => string {
  const kept: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    if (bytes < MAX_COMPLAINT_BYTES) kept.push(chunk.subarray(0, MAX_COMPLAINT_BYTES - bytes));
    bytes += chunk.length;
  });
  return () => Buffer.concat(kept).toString("utf8");
}

/** Nothing is lost by an end without warning: the program writes to pipes only. */
function endGroup(child: ChildProcessByStdio<null, Readable, Readable>): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (HAS_GROUPS) process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch (error) {
    // It has ended by itself in the meantime.
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

function notStarted(path: string, error: unknown): PeerError {
  switch (errnoOf(error)) {
    case "ENOENT":
      return new PeerError("unpacker-unusable", `${path} cannot be started: there is no such program`, {
        cause: error,
        hint: 'Give its full path ("command -v unrar" prints it), or none: the built-in UnRAR needs no other program.',
      });
    case "EACCES":
    case "EPERM":
    case "ENOEXEC":
    case "EISDIR":
      return new PeerError(
        "unpacker-unusable",
        `${path} cannot be started: it is no program that you may run`,
        {
          cause: error,
        },
      );
    default:
      return fromNodeError(error, path);
  }
}
