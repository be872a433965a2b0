/** Addresses as text and bytes, without a look at the system. */

/** Four bytes of `a.b.c.d`, or null. */
export function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (const [at, part] of parts.entries()) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null;
    bytes[at] = Number(part);
  }
  return bytes;
}

export function formatIpv4(bytes: Uint8Array): string {
  return bytes.join(".");
}

/** Sixteen bytes of an IPv6 address without scope, or null. */
export function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? "");
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "") : [];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group of zeros; without it nothing may be missing.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return null;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

function parseGroups(text: string): number[] | null {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [at, group] of groups.entries()) {
    if (at === groups.length - 1 && group.includes(".")) {
      const ipv4 = parseIpv4(group);
      if (ipv4 === null) return null;
      bytes.push(...ipv4);
      continue;
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
    const value = Number.parseInt(group, 16);
    bytes.push(value >> 8, value & 0xff);
  }
  return bytes;
}

/** Shortest lower-case form (RFC 5952): the first longest run of at least two zero groups becomes `::`. */
export function formatIpv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > bestLength) [bestStart, bestLength] = [start, length];
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (bestStart < 0) return hex(groups);
  return `${hex(groups.slice(0, bestStart))}::${hex(groups.slice(bestStart + bestLength))}`;
}

/** Link-local IPv6 (`fe80::/10`): means nothing without the interface it was seen on. */
export function isLinkLocalIpv6(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

/**
 * Whether `source` is a neighbour on the network of `address`/`netmask`. Receivers drop others (RFC 6762
 * section 11), and since a socket bound to 0.0.0.0 hears the groups of all interfaces, this also tells which
 * interface a packet came by. On a point-to-point network (/31, /32) everybody counts: its netmask says
 * nothing about the other end.
 */
export function isOnLink(source: string, address: string, netmask: string): boolean {
  const from = parseIpv4(source);
  const own = parseIpv4(address);
  const mask = parseIpv4(netmask);
  if (from === null || own === null || mask === null) return false;
  if ((mask[3] ?? 0) >= 254) return true;
  return own.every((byte, at) => (byte & (mask[at] ?? 0)) === ((from[at] ?? 0) & (mask[at] ?? 0)));
}
