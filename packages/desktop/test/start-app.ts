import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { AppReport, AppRequest, AppSetup } from "./app-process.ts";

const PROGRAM = fileURLToPath(new URL("app-process.ts", import.meta.url));

/** The app in a process of its own, as the user has it. */
export interface RunningApp extends AsyncDisposable {
  readonly pid: number;
  /** Good once. */
  readonly address: string;
  /** Every address that it has told, the first one first: one for each window. */
  readonly addresses: readonly string[];
  /** Lines of its log so far. */
  readonly log: readonly string[];
  /** Bytes that are in use behind a collection, outside of the heap too. */
  memory(): Promise<number>;
  /** Ends it as a crash does: nothing is tidied up. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end. @returns its exit code */
  stop(): Promise<number | null>;
}

/** Starts the app; resolves when it has said where it is. */
export async function startApp(setup: AppSetup): Promise<RunningApp> {
  const child = fork(PROGRAM, [JSON.stringify(setup)], {
    execArgv: ["--conditions=source", "--expose-gc"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const log: string[] = [];
  const addresses: string[] = [];
  child.stderr?.on("data", (text: Buffer) => log.push(text.toString()));
  child.on("message", (report: AppReport) => {
    if (report.kind === "log") log.push(report.line);
    else if (report.kind === "address") addresses.push(report.address);
  });
  const gone = once(child, "exit") as Promise<[number | null]>;
  const died = gone.then(([code]) => Promise.reject(new Error(`it ended with ${code}: ${log.join("\n")}`)));
  died.catch(() => {});
  const { address } = await Promise.race([report(child, "address"), died]);
  const ask = (request: AppRequest): void => void child.send(request);
  const stop = async (): Promise<number | null> => {
    if (child.connected) ask("stop");
    const [code] = await gone;
    return code;
  };
  return {
    pid: child.pid ?? 0,
    address,
    addresses,
    log,
    memory: async () => {
      const told = report(child, "memory");
      ask("memory");
      return (await Promise.race([told, died])).heapBytes;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

function report<Kind extends AppReport["kind"]>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<AppReport, { readonly kind: Kind }>> {
  return new Promise((resolve) => {
    const hear = (said: AppReport): void => {
      if (said.kind !== kind) return;
      child.off("message", hear);
      resolve(said as Extract<AppReport, { readonly kind: Kind }>);
    };
    child.on("message", hear);
  });
}
