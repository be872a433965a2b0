import { MAX_FEATURES } from "@lanspread/proto";

const PREFIX = "lane:";

/** How a hello names the UDP port of a lane. */
export function laneFeature(port: number): string {
  return `${PREFIX}${port}`;
}

/** The ports of the lanes that a hello names. What looks like one and is none is ignored. */
export function lanePorts(features: readonly string[]): number[] {
  const ports = new Set<number>();
  for (const feature of features.slice(0, MAX_FEATURES)) {
    const port = feature.startsWith(PREFIX) ? feature.slice(PREFIX.length) : "";
    if (/^[1-9][0-9]{0,4}$/.test(port) && Number(port) < 2 ** 16) ports.add(Number(port));
  }
  return [...ports];
}
