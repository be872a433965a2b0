import type { Scene } from "./paint-cover.ts";

const MB = 1_000_000;

/** Players of the demo besides the one who looks at it. */
export const PLAYERS = ["Ada", "Grace", "Linus"] as const;
export type Player = (typeof PLAYERS)[number];

/** What the one who looks at it has of a game at the start. */
export type Own = "downloaded" | "installed" | "older";

export interface DemoGame {
  readonly id: string;
  readonly name: string;
  readonly genre: string;
  readonly year: number;
  readonly maxPlayers: number;
  readonly description: string;
  /** Of its archive. */
  readonly bytes: number;
  readonly players: readonly Player[];
  readonly own?: Own;
  /** Its picture; a game without one gets a cover of the app's. */
  readonly cover?: Scene;
  readonly hasServer?: true;
}

const EVERYBODY = PLAYERS;

/** Games that nobody has ever played. */
export const DEMO_GAMES: readonly DemoGame[] = [
  {
    id: "nebula-drifters",
    name: "Nebula Drifters",
    ...{ genre: "Racing", year: 2024, maxPlayers: 8, bytes: 96 * MB, players: EVERYBODY },
    description:
      "Eight ships, one asteroid belt, no brakes.\n\nThe ring around Kestra is the longest race track that nobody ever built. Ride the gravity of moons, cut through the ice, and keep an eye on whoever is behind you: they carry harpoons.",
    cover: { kind: "planet", palette: ["#0a0620", "#3a1560", "#ff8a5c", "#ffd9a0"], seed: 3 },
    hasServer: true,
  },
  {
    id: "neon-velocity",
    name: "Neon Velocity",
    ...{ genre: "Racing", year: 2022, maxPlayers: 12, bytes: 64 * MB, players: ["Ada", "Grace"] },
    description:
      "Night never ends on this road. Twelve cars, one sunset, and a beat that gets faster with you.",
    cover: { kind: "synth", palette: ["#12032e", "#6a1b8f", "#ff3d81", "#ffc24a"], seed: 1 },
  },
  {
    id: "ember-valley",
    name: "Ember Valley",
    ...{ genre: "Adventure", year: 2021, maxPlayers: 4, bytes: 80 * MB, players: ["Grace", "Linus"] },
    description:
      "The mountain sleeps, mostly. Four friends walk up a valley that burns once in a hundred years, and it has been ninety-nine.",
    cover: { kind: "mountains", palette: ["#2b0f2e", "#a8324a", "#ff9b54", "#ffe0a3"], seed: 11 },
  },
  {
    id: "skyline-tycoon",
    name: "Skyline Tycoon",
    ...{ genre: "Simulation", year: 2019, maxPlayers: 6, bytes: 48 * MB, players: ["Ada"] },
    description: "Build up, borrow more, and pray that the lifts hold.",
    cover: { kind: "city", palette: ["#10204a", "#3d5fa8", "#ff9e7a", "#ffd97d"], seed: 5 },
  },
  {
    id: "frostline",
    name: "Frostline",
    ...{
      genre: "Survival",
      year: 2023,
      maxPlayers: 16,
      bytes: 40 * MB,
      players: ["Linus"],
      own: "downloaded",
    },
    description: "Minus forty, and the wind is getting up. Keep the fire going until the lights come back.",
    cover: { kind: "forest", palette: ["#041826", "#0d4f5c", "#43e0a8", "#d7fff0"], seed: 2 },
    hasServer: true,
  },
  {
    id: "deep-signal",
    name: "Deep Signal",
    ...{ genre: "Horror", year: 2020, maxPlayers: 4, bytes: 32 * MB, players: ["Grace"] },
    description: "Something down there answers. Do not answer back.",
    cover: { kind: "sea", palette: ["#020d1a", "#0a3a52", "#5fb8c9", "#e8f7f2"], seed: 8 },
  },
  {
    id: "starfall-legions",
    name: "Starfall Legions",
    ...{ genre: "Strategy", year: 2018, maxPlayers: 8, bytes: 72 * MB, players: EVERYBODY },
    description:
      "Three empires, eight commanders, and a map that shrinks every ten minutes. The last base standing buys the pizza.",
    cover: { kind: "planet", palette: ["#031018", "#0b3550", "#5ad1ff", "#e3fbff"], seed: 21 },
    hasServer: true,
  },
  {
    id: "midnight-metro",
    name: "Midnight Metro",
    ...{
      genre: "Puzzle",
      year: 2024,
      maxPlayers: 2,
      bytes: 24 * MB,
      players: ["Ada", "Linus"],
      own: "older",
    },
    description: "Two drivers, one timetable. Nobody gets home late tonight, or everybody does.",
    cover: { kind: "city", palette: ["#0b0718", "#2d1b5a", "#8f6bff", "#ffe27a"], seed: 14 },
  },
  {
    id: "castle-of-echoes",
    name: "Castle of Echoes",
    ...{ genre: "Role-playing", year: 2017, maxPlayers: 5, bytes: 56 * MB, players: ["Grace"] },
    description: "Every door remembers who went through it. Five heroes, none of them trusted.",
    cover: { kind: "mountains", palette: ["#0b1030", "#3b3f8f", "#9c8cff", "#ffe9f2"], seed: 4 },
  },
  {
    id: "ironclad-harbour",
    name: "Ironclad Harbour",
    ...{ genre: "Strategy", year: 2016, maxPlayers: 8, bytes: 48 * MB, players: ["Linus", "Ada"] },
    description: "Steam, steel and tides. The harbour freezes in March; be the one who is inside.",
    cover: { kind: "sea", palette: ["#1a1026", "#7a3b52", "#ff9d6b", "#ffe3b3"], seed: 6 },
  },
  {
    id: "blockyard",
    name: "Blockyard",
    ...{ genre: "Building", year: 2015, maxPlayers: 32, bytes: 16 * MB, players: ["Ada"], own: "installed" },
    description: "Take a block. Put it somewhere. Repeat until Sunday.",
    hasServer: true,
  },
  {
    id: "hexfield",
    name: "Hexfield Arena",
    ...{ genre: "Shooter", year: 2023, maxPlayers: 16, bytes: 40 * MB, players: ["Ada", "Grace"] },
    description: "Six sides to every story, and somebody waits behind each.",
  },
  {
    id: "pixel-gladiators",
    name: "Pixel Gladiators",
    ...{ genre: "Fighting", year: 2014, maxPlayers: 4, bytes: 16 * MB, players: ["Linus"] },
    description: "Sixteen colours, four controllers, one cup.",
  },
  {
    id: "long-way-home",
    name: "The Long Way Home: Director’s Cut – Complete Collection",
    ...{ genre: "Adventure", year: 2022, maxPlayers: 1, bytes: 24 * MB, players: ["Grace"] },
    description: "It was never about the way.",
  },
];

/** All that is written to the disk at the start: what two have is there once. */
export const DEMO_BYTES = DEMO_GAMES.reduce((sum, { bytes }) => sum + bytes, 0);
