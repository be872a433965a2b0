/** What a generated cover is drawn with: figures from 0 to 1, of which its pattern takes what it needs. */
export interface GeneratedCover {
  readonly pattern: Pattern;
  /** Degrees: of the ground, and of what is drawn on it. */
  readonly hue: number;
  readonly accentHue: number;
  readonly figures: readonly [number, number, number, number];
  /** One or two characters, for where there is no room for the name. */
  readonly initials: string;
  /** Of the letters of the name, hundredths of the width of the cover: the longer it is, the smaller. */
  readonly nameSize: number;
}

export const PATTERNS = ["rings", "sunset", "shards", "waves", "beams", "dots", "orbits", "blocks"] as const;
export type Pattern = (typeof PATTERNS)[number];

/** Hues that look well on dark ground, far enough apart to be told from each other, degrees. */
const HUES = [12, 32, 55, 95, 135, 160, 185, 210, 235, 260, 285, 310, 335, 355] as const;

/** From the ground's hue to the accent's, degrees: near ones, and ones across. */
const STEPS = [-55, -32, 32, 55, 140, 180] as const;

/** Largest and smallest letters, in hundredths of the width. */
const LARGEST = 16;
const SMALLEST = 6.5;

/** Size times characters that fit in one line, and in the lines that there are room for: of a wide font. */
const LINE = 118;
const LINES = 400;

/** The same for the same game, and seldom the same for two. */
export function coverOf(id: string, name: string): GeneratedCover {
  const next = randomOf(id);
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item =>
    items[Math.floor(next() * items.length)] ?? items[0];
  const hue = pick(HUES);
  return {
    hue,
    accentHue: (hue + pick(STEPS) + 360) % 360,
    pattern: pick(PATTERNS),
    figures: [next(), next(), next(), next()],
    initials: initialsOf(name),
    nameSize: nameSizeOf(name),
  };
}

function initialsOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const [first = "", second] = words;
  const letters = second === undefined ? [...first].slice(0, 2) : [[...first][0], [...second][0]];
  return letters.join("").toUpperCase();
}

function nameSizeOf(name: string): number {
  const word = Math.max(...name.split(/[\s-]+/u).map(({ length }) => length));
  return Math.max(SMALLEST, Math.min(LARGEST, LINE / word, LINES / name.length));
}

/** Figures from 0 to 1 that follow from a text: FNV-1a for a start, then the steps of mulberry32. */
function randomOf(text: string): () => number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
