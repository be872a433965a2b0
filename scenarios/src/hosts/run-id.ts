/**
 * What everything that a run makes is known by: processes have it in their environment, folders in their name. A later run
 * finds by it what a killed one has left, and nothing else.
 */
export type RunId = `lsscn${number}-${string}`;

/** Environment variable of every process that a run starts, directly or not: children inherit it. */
export const RUN_ID_VARIABLE = "LANSPREAD_SCENARIO_RUN";

const RUN_ID = /^lsscn(\d+)-[0-9a-f]+$/u;
const FOLDER = /^lanspread-(lsscn\d+-[0-9a-f]+)-\w+$/u;

/** @param unique hexadecimal digits that no other run of a process with this id has */
export function makeRunId(pid: number, unique: string): RunId {
  return `lsscn${pid}-${unique}` as RunId;
}

/** The process id of the runner; undefined where the text is no run's id. */
export function runnerOf(text: string): number | undefined {
  const pid = RUN_ID.exec(text)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** What a workspace of this run is called, as `createWorkspace` takes it. */
export function workspaceName(run: RunId): string {
  return run;
}

/** The run that a folder in the place for temporary files belongs to; undefined where it is none of ours. */
export function runOfFolder(name: string): RunId | undefined {
  return FOLDER.exec(name)?.[1] as RunId | undefined;
}

/** The run that a process belongs to, by its environment as Linux shows it: variables that end with a zero byte each. */
export function runOfEnvironment(environment: string): RunId | undefined {
  const prefix = `${RUN_ID_VARIABLE}=`;
  const entry = environment.split("\0").find((variable) => variable.startsWith(prefix));
  const value = entry?.slice(prefix.length) ?? "";
  return RUN_ID.test(value) ? (value as RunId) : undefined;
}
