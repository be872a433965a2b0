const DEGREES = 360;

/** 2^32 over the golden ratio: ids that are nearly the same get colours that are far apart (Knuth, TAOCP 6.4). */
const SPREAD = 2_654_435_769;

/** What somebody's sign is drawn with. */
export interface Sign {
  /** Degrees. */
  readonly hue: number;
  /** One or two characters of the name; a dot where it has none. */
  readonly initials: string;
}

/** The same colour for the same id wherever it is shown. */
export function signOf(id: string, name: string): Sign {
  let hash = 0;
  for (let at = 0; at < id.length; at++) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) >>> 0;
  const [first = "", second] = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = second === undefined ? [...first].slice(0, 2) : [[...first][0], [...second][0]];
  return {
    hue: Math.floor(((Math.imul(hash, SPREAD) >>> 0) / 2 ** 32) * DEGREES),
    initials: letters.join("").toUpperCase() || "·",
  };
}
