import { COVER_HEIGHT, COVER_WIDTH } from "./constants.ts";
import { encodePng } from "./png.ts";

/** What a picture shows, in colours from the dark of the sky to its light ("#rrggbb"). */
export interface Scene {
  readonly kind: "mountains" | "planet" | "city" | "synth" | "sea" | "forest";
  readonly palette: readonly [dark: string, middle: string, bright: string, light: string];
  readonly seed: number;
}

type Colour = readonly [red: number, green: number, blue: number];

/** The colour at a place: x and y from 0 to 1, y downwards. */
type Painter = (x: number, y: number) => Colour;

interface Paints {
  readonly dark: Colour;
  readonly middle: Colour;
  readonly bright: Colour;
  readonly light: Colour;
  readonly seed: number;
}

/** Width by height. */
const ASPECT = COVER_WIDTH / COVER_HEIGHT;

/** Paints a picture; the same scene is the same picture. @returns a PNG file */
export function paintCover({ kind, palette, seed }: Scene): Buffer {
  const [dark, middle, bright, light] = palette.map(parse) as [Colour, Colour, Colour, Colour];
  const painter = SCENES[kind]({ dark, middle, bright, light, seed });
  const pixels = new Uint8Array(COVER_WIDTH * COVER_HEIGHT * 3);
  for (let row = 0; row < COVER_HEIGHT; row++) {
    for (let column = 0; column < COVER_WIDTH; column++) {
      const colour = painter(column / COVER_WIDTH, row / COVER_HEIGHT);
      pixels.set(colour.map(byte), (row * COVER_WIDTH + column) * 3);
    }
  }
  return encodePng(COVER_WIDTH, COVER_HEIGHT, pixels);
}

const SCENES: Readonly<Record<Scene["kind"], (paints: Paints) => Painter>> = {
  mountains: ({ dark, middle, bright, light, seed }) => {
    const ridges = [0.46, 0.56, 0.66, 0.77, 0.89];
    const sunX = 0.3 + 0.4 * chance(seed);
    return (x, y) => {
      for (const [at, base] of [...ridges.entries()].reverse()) {
        const height = base - 0.16 * (1 - at * 0.12) * (hills(x * (2.2 + at * 0.7), seed + at * 17) - 0.35);
        if (y <= height) continue;
        const near = at / (ridges.length - 1);
        // Haze lies in the valleys behind.
        return mix(
          mix(bright, dark, 0.25 + near * 0.75),
          light,
          (1 - near) * 0.4 * smooth(0, 0.25, y - height),
        );
      }
      const sky = sunset(y / 0.62, { dark, middle, bright, light });
      return glow(sky, light, distance(x, y, sunX, 0.34), 0.1);
    };
  },
  planet: ({ dark, middle, bright, light, seed }) => {
    const [centreX, centreY, radius] = [0.42 + 0.2 * chance(seed), 0.45, 0.27];
    return (x, y) => {
      const [dx, dy] = [(x - centreX) * ASPECT, y - centreY];
      const ring = Math.hypot(dx * 0.9 + dy * 0.42, (dy - dx * 0.38) * 4.2);
      const isInRing = ring > 0.36 && ring < 0.5 && noise(ring * 60, seed) > 0.28;
      const away = Math.hypot(dx, dy);
      if (isInRing && (away > radius || dy > dx * 0.38)) return mix(light, bright, smooth(0.36, 0.5, ring));
      if (away < radius) {
        const lit = smooth(-0.9, 0.95, (-dx * 0.8 - dy * 0.75) / radius);
        const band = hills(dy * 9 + 0.6 * hills(dx * 5, seed + 3), seed);
        return mix(mix(dark, middle, 0.15), mix(bright, light, band * 0.8), lit);
      }
      const nebula = hills(x * 2.4 + y, seed + 5) * hills(y * 2.9 - x, seed + 9);
      const sky = mix(dark, middle, smooth(0.1, 0.6, nebula) * 0.9);
      return mix(star(x, y, seed, sky), bright, 0.35 * smooth(0.14, 0, away - radius));
    };
  },
  city: ({ dark, middle, bright, light, seed }) => {
    const layers = [
      { base: 0.34, columns: 13, depth: 0.3 },
      { base: 0.46, columns: 10, depth: 0.62 },
      { base: 0.6, columns: 7, depth: 1 },
    ];
    return (x, y) => {
      for (const [at, { base, columns, depth }] of [...layers.entries()].reverse()) {
        const column = Math.floor(x * columns + at * 0.37);
        const top = base + 0.22 * chance(seed * 31 + column * 7 + at * 101) - 0.08;
        if (y < top) continue;
        const wall = mix(mix(middle, bright, 0.3), dark, 0.25 + depth * 0.7);
        const inside = (x * columns + at * 0.37) % 1;
        const [windowX, windowY] = [inside * 5, (y - top) * 62];
        const isWindow = windowX % 1 > 0.35 && windowY % 1 > 0.42 && inside > 0.08 && inside < 0.94;
        const lot = chance(seed + Math.floor(windowX) * 13 + Math.floor(windowY) * 71 + column * 911 + at);
        return isWindow && lot > 0.56 ? mix(wall, light, 0.35 + depth * 0.6) : wall;
      }
      const sky = sunset(y / 0.7, { dark, middle, bright, light });
      return glow(star(x, y * 1.4, seed, sky), light, distance(x, y, 0.7, 0.17), 0.065);
    };
  },
  synth: ({ dark, middle, bright, light }) => {
    const horizon = 0.6;
    return (x, y) => {
      if (y > horizon) {
        const depth = 1 / (y - horizon + 0.035);
        const across = Math.abs(((x - 0.5) * depth * 1.1) % 1);
        const along = Math.abs((depth * 0.9) % 1);
        const line = Math.max(smooth(0.94, 1, across), smooth(0.06, 0, across), smooth(0.86, 1, along));
        return mix(mix(middle, dark, smooth(horizon, 0.72, y)), bright, line * smooth(horizon, 0.66, y));
      }
      const away = distance(x, y, 0.5, 0.4);
      const isCut = y > 0.36 && ((y - 0.36) * 26) % 1 < 0.16 + (y - 0.36) * 1.5;
      if (away < 0.2 && !isCut) return mix(light, bright, smooth(0.22, 0.58, y));
      const sky = star(x, y, 9, mix(dark, middle, smooth(0.05, horizon, y)));
      return mix(sky, bright, 0.55 * smooth(0.4, 0.12, away));
    };
  },
  sea: ({ dark, middle, bright, light, seed }) => {
    const horizon = 0.5;
    const moonX = 0.35 + 0.3 * chance(seed);
    return (x, y) => {
      if (y < horizon) {
        const sky = sunset((y / horizon) * 0.95, { dark, middle, bright, light });
        const cloud = smooth(0.55, 0.8, hills(x * 2 + y * 9, seed + 2)) * 0.35;
        return glow(mix(sky, light, cloud), light, distance(x, y, moonX, 0.27), 0.085);
      }
      const depth = (y - horizon) / (1 - horizon);
      const wave = hills(x * (9 - depth * 5) + y * 40, seed) * hills(x * 5 - y * 55, seed + 4);
      const water = mix(mix(bright, middle, 0.5), dark, smooth(0, 0.75, depth));
      const shine = smooth(0.3 + depth * 0.25, 0, Math.abs(x - moonX) * 1.3) * smooth(0.12, 0.5, wave);
      return mix(mix(water, bright, wave * 0.35), light, shine * (0.95 - depth * 0.4));
    };
  },
  forest: ({ dark, middle, bright, light, seed }) => {
    const rows = [
      { base: 0.6, count: 17, height: 0.14 },
      { base: 0.72, count: 11, height: 0.22 },
      { base: 0.9, count: 6, height: 0.36 },
    ];
    return (x, y) => {
      for (const [at, { base, count, height }] of [...rows.entries()].reverse()) {
        const column = Math.floor(x * count);
        const tall = height * (0.65 + 0.5 * chance(seed + column * 17 + at * 59));
        const top = base - tall;
        const part = (y - top) / tall;
        // Branches hang in steps.
        const wide = 0.5 * part * (0.72 + 0.28 * ((part * 5) % 1));
        const isTree = part > 0 && Math.abs(((x * count) % 1) - 0.5) < wide;
        if (isTree || y > base + 0.02 * hills(x * 3, seed + at)) {
          const near = (at + 1) / rows.length;
          const colour = mix(mix(middle, bright, 0.12), dark, near * 0.9);
          return isTree ? colour : mix(colour, light, 0.3 * (1 - near * 0.6));
        }
      }
      const sky = star(x, y, seed, mix(dark, middle, smooth(0, 0.65, y)));
      const curtain = hills(x * 2.2, seed + 7) * 0.3 + 0.12;
      const ray = 0.55 + 0.45 * hills(x * 24, seed + 8);
      const aurora = smooth(curtain + 0.3, curtain, y) * smooth(curtain - 0.05, curtain + 0.02, y) * ray;
      return mix(sky, mix(bright, light, aurora * 0.3), aurora * 0.9);
    };
  },
};

function sunset(at: number, { dark, middle, bright, light }: Omit<Paints, "seed">): Colour {
  if (at < 0.5) return mix(dark, middle, at * 2);
  return at < 0.85 ? mix(middle, bright, (at - 0.5) / 0.35) : mix(bright, light, smooth(0.85, 1.25, at));
}

/** A disc of light and what it throws around itself. */
function glow(under: Colour, light: Colour, away: number, radius: number): Colour {
  return mix(
    under,
    light,
    Math.max(smooth(radius + 0.003, radius, away), 0.5 * smooth(radius * 4, radius, away) ** 2),
  );
}

/** Sometimes a star. */
function star(x: number, y: number, seed: number, sky: Colour): Colour {
  const [column, row] = [Math.floor(x * 44), Math.floor(y * 66)];
  const lot = chance(seed * 97 + column * 131 + row * 4_099);
  if (lot < 0.93) return sky;
  const away = Math.hypot(((x * 44) % 1) - 0.2 - lot * 0.5, ((y * 66) % 1) - 0.5);
  return mix(sky, [255, 255, 255], smooth(0.2, 0.02, away) * (lot - 0.9) * 9);
}

/** Height by width, so that circles are round. */
function distance(x: number, y: number, toX: number, toY: number): number {
  return Math.hypot((x - toX) * ASPECT, y - toY);
}

/** Rolling values from 0 to 1: noise of three sizes. */
function hills(at: number, seed: number): number {
  return (noise(at, seed) * 4 + noise(at * 2.3, seed + 1) * 2 + noise(at * 5.1, seed + 2)) / 7;
}

function noise(at: number, seed: number): number {
  const whole = Math.floor(at);
  const share = smooth(0, 1, at - whole);
  return chance(seed * 57 + whole) * (1 - share) + chance(seed * 57 + whole + 1) * share;
}

/** A figure from 0 to 1 that follows from another. */
function chance(of: number): number {
  const value = Math.sin(of * 127.1 + 11.7) * 43_758.5453;
  return value - Math.floor(value);
}

/** From 0 at `from` to 1 at `to`, without a corner; also downwards. */
function smooth(from: number, to: number, at: number): number {
  const share = Math.min(1, Math.max(0, (at - from) / (to - from)));
  return share * share * (3 - 2 * share);
}

function mix(from: Colour, to: Colour, share: number): Colour {
  const part = Math.min(1, Math.max(0, share));
  return [
    from[0] + (to[0] - from[0]) * part,
    from[1] + (to[1] - from[1]) * part,
    from[2] + (to[2] - from[2]) * part,
  ];
}

function byte(value: number): number {
  return Math.round(Math.min(255, Math.max(0, value)));
}

function parse(text: string): Colour {
  const value = Number.parseInt(text.slice(1), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}
