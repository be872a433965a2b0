import type { Random } from "@lanspread/testkit";
import { ACTIONS_AT_ONCE, DOWN_SHARE, GAME_IDS, LONG_SLEEPS, SLEEP_STEPS, VERSIONS } from "./constants.ts";

/** What a user does in the games directory. */
export type DiskAction =
  | { readonly kind: "put" | "copy" | "rewrite"; readonly id: string; readonly version: string }
  | {
      readonly kind: "take" | "erase" | "unlist" | "install" | "play" | "uninstall";
      readonly id: string;
    }
  | { readonly kind: "rename"; readonly id: string; readonly to: string };

/** What becomes of the process. */
export type ProcessAction =
  | { readonly kind: "start" | "stop" | "kill" | "resume" }
  | { readonly kind: "suspend" /** The step at which it is resumed. */; readonly untilStep: number };

export interface Action {
  readonly peer: number;
  readonly what: DiskAction | ProcessAction;
}

export type ActionKind = (DiskAction | ProcessAction)["kind"];

interface PlannedGame {
  version: string | null;
  installed: boolean;
}

interface PlannedPeer {
  readonly games: Map<string, PlannedGame>;
  readonly isResident: boolean;
  state: "running" | "down" | "suspended";
  resumeAt: number;
}

/** How often each kind comes, by parts; what cannot be done at the moment falls to the others. */
const WEIGHTS: Readonly<Record<Exclude<ActionKind, "resume">, number>> = {
  put: 10,
  copy: 10,
  take: 6,
  erase: 6,
  unlist: 3,
  rename: 8,
  rewrite: 10,
  install: 4,
  play: 3,
  uninstall: 3,
  start: 14,
  stop: 3,
  kill: 4,
  suspend: 6,
};

/**
 * Says what happens next, from nothing but random numbers and what it has said before: the same seed tells the same story,
 * however fast the machine is.
 */
export class Story {
  readonly #random: Random;
  readonly #peers: readonly PlannedPeer[];
  #step = 0;

  /** @param residents the first so many peers are never ended */
  constructor(random: Random, { peers, residents }: { readonly peers: number; readonly residents: number }) {
    this.#random = random;
    this.#peers = Array.from({ length: peers }, (_, index) => ({
      games: new Map<string, PlannedGame>(),
      isResident: index < residents,
      state: "running",
      resumeAt: 0,
    }));
  }

  /** What a peer begins with: games that are put into place before it starts. */
  beginning(peer: number, games: number): readonly Action[] {
    const planned = this.#peers[peer];
    if (planned === undefined) return [];
    return Array.from({ length: games }, () => {
      const what: DiskAction = { kind: "put", id: this.#freeId(planned), version: this.#version() };
      return this.#done(peer, planned, what);
    });
  }

  /** The next actions, each on another peer, all at the same time. */
  next(): readonly Action[] {
    this.#step += 1;
    const actions: Action[] = [];
    const idle = new Set(this.#peers.keys());
    for (const [peer, planned] of this.#peers.entries()) {
      if (planned.state !== "suspended" || planned.resumeAt > this.#step) continue;
      actions.push(this.#done(peer, planned, { kind: "resume" }));
      idle.delete(peer);
    }
    const count = 1 + this.#below(ACTIONS_AT_ONCE);
    for (let i = 0; i < count && idle.size > 0; i++) {
      const peer = this.#pick([...idle]);
      const planned = this.#peers[peer];
      idle.delete(peer);
      if (planned !== undefined) actions.push(this.#done(peer, planned, this.#choose(planned)));
    }
    return actions;
  }

  /** Who sleeps is woken: what comes before a rest. */
  resumeAll(): readonly Action[] {
    return [...this.#peers.entries()]
      .filter(([, { state }]) => state === "suspended")
      .map(([peer, planned]) => this.#done(peer, planned, { kind: "resume" }));
  }

  /** Who is down is started. */
  startAll(): readonly Action[] {
    return [...this.#peers.entries()]
      .filter(([, { state }]) => state === "down")
      .map(([peer, planned]) => this.#done(peer, planned, { kind: "start" }));
  }

  /** A pause between two steps, ms. */
  pauseMs({ least, most }: { readonly least: number; readonly most: number }): number {
    // Short ones are as frequent as long ones: bursts, and changes that stand alone.
    return Math.round(least * (most / least) ** this.#random());
  }

  #choose(peer: PlannedPeer): DiskAction | ProcessAction {
    const possible = Object.entries(WEIGHTS).filter(([kind]) => this.#isPossible(peer, kind as ActionKind));
    const sum = possible.reduce((total, [, weight]) => total + weight, 0);
    let left = this.#random() * sum;
    for (const [kind, weight] of possible) {
      left -= weight;
      if (left < 0) return this.#action(peer, kind as keyof typeof WEIGHTS);
    }
    return { kind: "put", id: this.#freeId(peer), version: this.#version() };
  }

  #isPossible({ games, isResident, state }: PlannedPeer, kind: ActionKind): boolean {
    const has = (test: (game: PlannedGame) => boolean): boolean => [...games.values()].some(test);
    switch (kind) {
      case "put":
      case "copy":
        return games.size < GAME_IDS;
      case "rename":
        return games.size > 0 && games.size < GAME_IDS;
      case "take":
      case "erase":
      case "rewrite":
        return games.size > 0;
      case "unlist":
        return has(({ version }) => version !== null);
      case "install":
        return has(({ installed }) => !installed);
      case "play":
      case "uninstall":
        return has(({ installed }) => installed);
      case "start":
        return state === "down";
      case "stop":
      case "kill":
        return !isResident && state === "running" && this.#mayGoDown();
      case "suspend":
        return state === "running";
      case "resume":
        return state === "suspended";
    }
  }

  #mayGoDown(): boolean {
    const mortal = this.#peers.filter(({ isResident }) => !isResident);
    return mortal.filter(({ state }) => state === "down").length < mortal.length * DOWN_SHARE;
  }

  #action(peer: PlannedPeer, kind: keyof typeof WEIGHTS): DiskAction | ProcessAction {
    const one = (test: (game: PlannedGame) => boolean = () => true): string =>
      this.#pick([...peer.games].filter(([, game]) => test(game)).map(([id]) => id));
    switch (kind) {
      case "put":
      case "copy":
        return { kind, id: this.#freeId(peer), version: this.#version() };
      case "rewrite":
        return { kind, id: one(), version: this.#version() };
      case "rename":
        return { kind, id: one(), to: this.#freeId(peer) };
      case "take":
      case "erase":
        return { kind, id: one() };
      case "unlist":
        return { kind, id: one(({ version }) => version !== null) };
      case "install":
        return { kind, id: one(({ installed }) => !installed) };
      case "play":
      case "uninstall":
        return { kind, id: one(({ installed }) => installed) };
      case "start":
      case "stop":
      case "kill":
        return { kind };
      case "suspend": {
        const { least, most, longest } = SLEEP_STEPS;
        const steps = this.#random() < LONG_SLEEPS ? longest : least + this.#below(most - least);
        return { kind, untilStep: this.#step + steps };
      }
    }
  }

  /** Notes what an action leads to. */
  #done(peer: number, planned: PlannedPeer, what: DiskAction | ProcessAction): Action {
    const { games } = planned;
    switch (what.kind) {
      case "put":
      case "copy":
        games.set(what.id, { version: what.version, installed: false });
        break;
      case "rewrite":
        games.set(what.id, { installed: games.get(what.id)?.installed ?? false, version: what.version });
        break;
      case "take":
      case "erase":
        games.delete(what.id);
        break;
      case "rename": {
        const game = games.get(what.id);
        games.delete(what.id);
        if (game !== undefined) games.set(what.to, game);
        break;
      }
      case "unlist":
      case "install":
      case "uninstall": {
        const game = games.get(what.id);
        if (game === undefined) break;
        if (what.kind === "unlist") game.version = null;
        else game.installed = what.kind === "install";
        break;
      }
      case "play":
        break;
      case "stop":
      case "kill":
        planned.state = "down";
        break;
      case "start":
      case "resume":
        planned.state = "running";
        break;
      case "suspend":
        planned.state = "suspended";
        planned.resumeAt = what.untilStep;
    }
    return { peer, what };
  }

  #version(): string {
    return this.#pick(VERSIONS);
  }

  #freeId({ games }: PlannedPeer): string {
    const ids = Array.from({ length: GAME_IDS }, (_, index) => `game-${index}`);
    return this.#pick(ids.filter((id) => !games.has(id)));
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[this.#below(from.length)];
    if (picked === undefined) throw new RangeError("there is nothing to choose from");
    return picked;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
