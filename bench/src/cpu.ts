/** Seconds of processor time that this process has used on all its threads, in user and system mode. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
