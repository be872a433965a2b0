import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { type HarnessLine, harnessLineSchema } from "@lanspread/proto";
import { programCommand } from "lanspread";
import {
  COMMAND_DEADLINE_MS,
  EVENT_DEADLINE_MS,
  SHUTDOWN_GRACE_MS,
  STDERR_TAIL_CHARS,
  TERMINATE_GRACE_MS,
} from "./constants.ts";
import { EventLog, type EventPredicate, type HarnessEvent } from "./event-log.ts";

export type { EventPredicate, HarnessEvent } from "./event-log.ts";

export interface HarnessOptions {
  /** Arguments after `harness`. */
  readonly args?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program in front of the arguments; default: `lanspread harness` on this Node. */
  readonly program?: readonly [string, ...string[]];
  /** Everything the process prints goes here too, stdout and stderr, in the order of arrival. */
  readonly logFile?: string;
  /**
   * Which events stay in `events` and in the log; default: all. The others are handed to the handlers alone: long runs have no
   * room for every copy of the joint library.
   */
  readonly keep?: (event: HarnessEvent) => boolean;
  /** How long (ms) `close` waits after `shutdown`, and after SIGTERM. */
  readonly graceMs?: { readonly shutdown: number; readonly terminate: number };
  /** Shown in errors instead of the process id. */
  readonly name?: string;
}

/** One line for the harness: `cmd` and its fields; the driver adds the id. */
export interface HarnessCommand {
  readonly cmd: string;
  readonly [field: string]: unknown;
}

export interface ExitInfo {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last signal that `close` sent, since the process had not ended when it was asked to; undefined where it sent none. */
  readonly forcedBy?: NodeJS.Signals;
}

/** A `lanspread harness` in a process of its own. */
export interface Harness {
  readonly pid: number;
  readonly name: string;
  /** Every event since the start, in order. */
  readonly events: readonly HarnessEvent[];
  /** Lines on stdout that are no JSONL of the contract. Any entry here is a broken harness. */
  readonly foreignLines: readonly string[];
  /** Settles when the process has ended and its streams are read to the end. Never rejects. */
  readonly exited: Promise<ExitInfo>;
  /** Sends a command; resolves with the result's data, rejects with {@link HarnessCommandError} or a time-out. */
  send(command: HarnessCommand, options?: { deadlineMs?: number }): Promise<unknown>;
  /** Writes a line as it is, for commands that the driver would not make. */
  sendLine(line: string): void;
  /** The next line that is no event and answers none of this driver's commands: answers to `sendLine`. */
  unclaimed(options?: { deadlineMs?: number }): Promise<HarnessLine>;
  /**
   * The first event from position `from` on (default: the start) that the predicate accepts; waits for it up to the
   * deadline. Rejects at the deadline, and as soon as the process has ended without it.
   */
  event(predicate: EventPredicate, options?: { deadlineMs?: number; from?: number }): Promise<HarnessEvent>;
  /** Calls the handler with every event from now on; returns what ends that. */
  onEvent(handler: (event: HarnessEvent) => void): () => void;
  /** The last part of what the process wrote to stderr. */
  stderrTail(): string;
  /** Ends stdin, which asks the harness to shut down, without waiting. */
  endInput(): void;
  kill(signal: NodeJS.Signals): void;
  /** `shutdown`, then SIGTERM, then SIGKILL, each only when the one before did not help. Twice does no harm. */
  close(): Promise<ExitInfo>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The harness refused a command. */
export class HarnessCommandError extends Error {
  readonly code: string;

  constructor(name: string, cmd: string, code: string, message: string) {
    super(`${name}: ${cmd}: ${message} (${code})`);
    this.name = "HarnessCommandError";
    this.code = code;
  }
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Starts a harness. It is killed with its owner: by `close`, or by the end of its stdin when this process dies. */
export function startHarness(options: HarnessOptions = {}): Harness {
  const [command, ...before] = options.program ?? [...programCommand, "harness"];
  const child = spawn(command, [...before, ...(options.args ?? [])], {
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const name = options.name ?? `harness ${child.pid ?? "(not started)"}`;
  const log = options.logFile === undefined ? undefined : createWriteStream(options.logFile, { flags: "a" });
  // A log that cannot be written (disk full) must not take the run down with it.
  log?.on("error", () => {});
  const events = new EventLog(name);
  const foreignLines: string[] = [];
  const unclaimed: HarnessLine[] = [];
  const unclaimedWaiters: Waiter[] = [];
  const waiters = new Map<number, Waiter & { cmd: string }>();
  let stderr = "";
  let nextId = 1;
  let ended: ExitInfo | undefined;

  const { keep = () => true } = options;

  const takeLine = (line: string): void => {
    const parsed = parseLine(line);
    const isKept = parsed?.type !== "event" || keep(parsed);
    if (isKept) log?.write(`${line}\n`);
    if (parsed === undefined) {
      foreignLines.push(line);
      return;
    }
    if (parsed.type === "event") {
      events.push(parsed, isKept);
      return;
    }
    const waiter = parsed.id === null ? undefined : waiters.get(Number(parsed.id));
    if (waiter === undefined || parsed.id === null) {
      const asked = unclaimedWaiters.shift();
      if (asked === undefined) unclaimed.push(parsed);
      else asked.resolve(parsed);
      return;
    }
    waiters.delete(Number(parsed.id));
    if (parsed.type === "result") waiter.resolve(parsed.data);
    else waiter.reject(new HarnessCommandError(name, waiter.cmd, parsed.code, parsed.message));
  };

  const exited = watchExit(child, takeLine, log, (text) => {
    stderr = (stderr + text).slice(-STDERR_TAIL_CHARS);
  }).then((info) => {
    ended = info;
    const error = new Error(
      `${name} ended ${describeExit(info)}${stderr === "" ? "" : `\n${stderr.trimEnd()}`}`,
    );
    events.end(error);
    for (const waiter of [...waiters.values(), ...unclaimedWaiters.splice(0)]) waiter.reject(error);
    waiters.clear();
    return info;
  });
  // Writing to a process that has just died is an ordinary race: the exit is what gets reported.
  child.stdin.on("error", () => {});

  const send = (body: HarnessCommand, sendOptions: { deadlineMs?: number } = {}): Promise<unknown> => {
    if (ended !== undefined) return Promise.reject(new Error(`${name} ended ${describeExit(ended)}`));
    const id = nextId++;
    const deadlineMs = sendOptions.deadlineMs ?? COMMAND_DEADLINE_MS;
    return withDeadline(
      deadlineMs,
      () => `${name}: no answer to ${body.cmd} within ${deadlineMs} ms`,
      (resolve, reject) => {
        waiters.set(id, { cmd: body.cmd, resolve, reject });
        child.stdin.write(`${JSON.stringify({ id, ...body })}\n`);
        return () => waiters.delete(id);
      },
    );
  };

  const close = once(async (): Promise<ExitInfo> => {
    if (ended !== undefined) return ended;
    const { shutdown, terminate } = options.graceMs ?? {
      shutdown: SHUTDOWN_GRACE_MS,
      terminate: TERMINATE_GRACE_MS,
    };
    // The answer does not matter, only the end: it may be lost with the process.
    send({ cmd: "shutdown" }, { deadlineMs: shutdown }).catch(() => {});
    child.stdin.end();
    if (await settledWithin(exited, shutdown)) return exited;
    child.kill("SIGTERM");
    if (await settledWithin(exited, terminate)) return { ...(await exited), forcedBy: "SIGTERM" };
    child.kill("SIGKILL");
    return { ...(await exited), forcedBy: "SIGKILL" };
  });

  return {
    pid: child.pid ?? -1,
    name,
    events: events.all,
    foreignLines,
    exited,
    send,
    sendLine: (line) => void child.stdin.write(`${line}\n`),
    unclaimed({ deadlineMs = COMMAND_DEADLINE_MS } = {}) {
      const first = unclaimed.shift();
      if (first !== undefined) return Promise.resolve(first);
      return withDeadline<HarnessLine>(
        deadlineMs,
        () => `${name}: no further answer within ${deadlineMs} ms`,
        (resolve, reject) => {
          const waiter: Waiter = { resolve: (line) => resolve(line as HarnessLine), reject };
          unclaimedWaiters.push(waiter);
          return () => {
            const at = unclaimedWaiters.indexOf(waiter);
            if (at >= 0) unclaimedWaiters.splice(at, 1);
          };
        },
      );
    },
    event: (predicate, { deadlineMs = EVENT_DEADLINE_MS, from = 0 } = {}) =>
      events.first(predicate, from, deadlineMs),
    onEvent: (handler) => events.subscribe(handler),
    stderrTail: () => stderr,
    endInput: () => void child.stdin.end(),
    kill: (signal) => void child.kill(signal),
    close,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

/** Accepts events of this name whose data has all the given fields with the given values. */
export function isEvent(event: string, fields: Readonly<Record<string, unknown>> = {}): EventPredicate {
  const accepts = (candidate: HarnessEvent): boolean =>
    candidate.event === event &&
    Object.entries(fields).every(([key, value]) => candidate.data[key] === value);
  return Object.assign(accepts, { description: `${event} ${JSON.stringify(fields)}` });
}

function parseLine(line: string): HarnessLine | undefined {
  try {
    return harnessLineSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

async function watchExit(
  child: ChildProcess,
  takeLine: (line: string) => void,
  log: WriteStream | undefined,
  takeStderr: (text: string) => void,
): Promise<ExitInfo> {
  const lines =
    child.stdout === null
      ? undefined
      : createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  lines?.on("line", takeLine);
  const linesRead = new Promise<void>((resolve) => lines?.once("close", resolve));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    takeStderr(text);
    log?.write(text);
  });
  const info = await new Promise<ExitInfo>((resolve) => {
    child.once("error", () => resolve({ code: null, signal: null }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  lines?.close();
  await linesRead;
  await new Promise<void>((resolve) => (log === undefined ? resolve() : log.end(resolve)));
  return info;
}

function describeExit(info: ExitInfo): string {
  if (info.signal !== null) return `by ${info.signal}`;
  return info.code === null ? "before it started" : `with code ${info.code}`;
}

/** Runs `start`; rejects when it has not settled in time. `start` returns what undoes the waiting. */
function withDeadline<T>(
  deadlineMs: number,
  message: () => string,
  start: (resolve: (value: T) => void, reject: (error: Error) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      undo();
      reject(new Error(message()));
    }, deadlineMs);
    const undo = start(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = await Promise.race([promise.then(() => true as const), late]);
  clearTimeout(timer);
  return settled;
}

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= run());
}
