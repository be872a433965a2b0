import { readdir, readFile } from "node:fs/promises";
import { RUN_ID_VARIABLE } from "../../src/hosts/run-id.ts";

export interface FoundProcess {
  readonly pid: number;
  /** Its name, as the system shows it. */
  readonly name: string;
}

/** Processes of scenarios that have their files in a folder, by their environment. Needs /proc. */
export async function processesIn(folder: string): Promise<readonly FoundProcess[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [environment, name] = await Promise.all(
        ["environ", "comm"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
      );
      const isHere = environment?.includes(`${RUN_ID_VARIABLE}=`) && environment.includes(folder);
      return isHere ? [{ pid, name: name?.trim() ?? "" }] : [];
    }),
  );
  return found.flat();
}
