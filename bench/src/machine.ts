import { availableParallelism, cpus, platform, release } from "node:os";

/** What figures depend on besides the code. */
export interface Machine {
  readonly date: string;
  readonly node: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
}

/** This machine, today. */
export function describeMachine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    system: `${platform()} ${release()}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
  };
}
