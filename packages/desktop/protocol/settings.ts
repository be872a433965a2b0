import { z } from "zod";
import { DENSITIES, SHAPES } from "./library-view.ts";

/** Languages of the page, and of the games that can be told one. */
export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Longest name of a player that is shown whole. */
const MAX_PLAYER_NAME = 40;

const textSchema = z.string().trim().min(1).max(MAX_PLAYER_NAME);

/** Settings of the app, as they are kept. What is left out has never been chosen. */
export const settingsSchema = z.strictObject({
  playerName: textSchema.optional(),
  language: z.enum(LANGUAGES).optional(),
  /** Absolute path of the game folder. */
  gamesDir: z.string().min(1).optional(),
  party: textSchema.optional(),
  /** Directory of a closed party's CA. */
  partyCa: z.string().min(1).optional(),
  /** Own addresses of the only networks to use. */
  interfaces: z.array(z.union([z.ipv4(), z.ipv6()])).optional(),
  lanes: z.int().min(0).max(16).optional(),
  /** Of the library. */
  coverShape: z.enum(SHAPES).optional(),
  density: z.enum(DENSITIES).optional(),
  /** Whether the first steps were taken. */
  welcomed: z.boolean().optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Settings that a peer is started with. What was said when the app was started counts whatever they say. */
export const PEER_SETTINGS = ["playerName", "gamesDir", "party", "partyCa", "interfaces", "lanes"] as const;
export type PeerSetting = (typeof PEER_SETTINGS)[number];

/** An own address that can be chosen as one of the networks to use. */
export interface NetworkChoice {
  readonly address: string;
  /** What the system calls its interface; null where the address is chosen and not there. */
  readonly name: string | null;
}

/** A change of some of them; null forgets what was chosen. */
export const settingsChangeSchema = z.strictObject({
  playerName: textSchema.nullable().optional(),
  language: z.enum(LANGUAGES).nullable().optional(),
  gamesDir: z.string().min(1).nullable().optional(),
  party: textSchema.nullable().optional(),
  partyCa: z.string().min(1).nullable().optional(),
  interfaces: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .nullable()
    .optional(),
  lanes: z.int().min(0).max(16).nullable().optional(),
  coverShape: z.enum(SHAPES).nullable().optional(),
  density: z.enum(DENSITIES).nullable().optional(),
  welcomed: z.boolean().nullable().optional(),
});
export type SettingsChange = z.infer<typeof settingsChangeSchema>;
