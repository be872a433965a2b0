import { readFile } from "node:fs/promises";
import { eventually } from "@lanspread/testkit";
import type { RunningCli } from "./cli.ts";

export interface OwnSignal {
  readonly signal: NodeJS.Signals;
  /** The event that counts bytes, and its field that has them. */
  readonly event: string;
  readonly field: string;
  /** Whether each event has bytes of its own; otherwise each has all of them. */
  readonly isSum: boolean;
  /** Bytes above which the signal is sent. */
  readonly above: number;
}

/**
 * Arguments of Node that have a harness send itself a signal, once, right behind the line that says that so many bytes are done. Whoever
 * reads that line elsewhere and acts may come too late: the rest of a download takes less time than a machine may stand still.
 */
export function signalsItself({ signal, event, field, isSum, above }: OwnSignal): readonly string[] {
  // Windows has no signals: there the rest has to take long enough.
  if (process.platform === "win32") return [];
  const module = `
    const { write } = process.stdout;
    let bytes = 0;
    let isSent = false;
    process.stdout.write = function (...args) {
      const taken = write.apply(this, args);
      const text = String(args[0]);
      if (isSent || !text.includes(${JSON.stringify(`"event":${JSON.stringify(event)}`)})) return taken;
      const line = JSON.parse(text);
      if (line.type !== "event" || line.event !== ${JSON.stringify(event)}) return taken;
      const said = Number(line.data[${JSON.stringify(field)}]);
      bytes = ${isSum ? "bytes + said" : "said"};
      if (bytes > ${above}) {
        isSent = true;
        process.kill(process.pid, ${JSON.stringify(signal)});
      }
      return taken;
    };
  `;
  return ["--import", `data:text/javascript,${encodeURIComponent(module)}`];
}

/** Waits until a process that stops itself has done so: its state is as Linux shows it (proc(5)), elsewhere nobody tells. */
export async function untilStopped({ child }: RunningCli): Promise<void> {
  if (process.platform !== "linux") return;
  const isStopped = async (): Promise<boolean> => {
    const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  };
  await eventually(isStopped, { what: "a process that stops itself" });
}
