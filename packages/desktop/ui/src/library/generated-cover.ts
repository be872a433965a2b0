/** What a generated cover is drawn with. */
export interface GeneratedCover {
  /** Degrees. */
  readonly hue: number;
  /** 0 to 1: where its shapes are. */
  readonly shift: number;
  /** One or two characters. */
  readonly initials: string;
}

const DEGREES = 360;
const SHIFTS = 97;

/** The same for the same game, and seldom the same for two. */
export function coverOf(id: string, name: string): GeneratedCover {
  let hash = 0;
  for (let at = 0; at < id.length; at++) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) >>> 0;
  return {
    hue: hash % DEGREES,
    shift: (Math.floor(hash / DEGREES) % SHIFTS) / SHIFTS,
    initials: initialsOf(name),
  };
}

function initialsOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const [first = "", second] = words;
  const letters = second === undefined ? [...first].slice(0, 2) : [[...first][0], [...second][0]];
  return letters.join("").toUpperCase();
}
