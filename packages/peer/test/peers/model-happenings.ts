/** How bad the wire is. */
export interface Weather {
  readonly seed: number;
  /** Parts of all messages. */
  readonly lost: number;
  readonly doubled: number;
  /** Longest delay of a message, ms. Each has its own, so that they overtake each other. */
  readonly slowest: number;
  /** Whether peers announce themselves; otherwise they know each other by `connect` only. */
  readonly announced: boolean;
}

/** Something that happens to a party. Peers are named by their number, modulo how many there are. */
export type Happening =
  | { readonly do: "change"; readonly peer: number; readonly changes: readonly Change[] }
  | { readonly do: "start"; readonly peer: number }
  | { readonly do: "leave"; readonly peer: number }
  | { readonly do: "crash"; readonly peer: number }
  /** A crash, and at once a new process. */
  | {
      readonly do: "restart";
      readonly peer: number;
      readonly losesState: boolean;
      readonly samePort: boolean;
    }
  | { readonly do: "connect"; readonly peer: number; readonly to: number }
  /** More requests than a peer answers, and changes right behind them. */
  | {
      readonly do: "flood";
      readonly peer: number;
      readonly to: number;
      readonly changes: readonly Change[];
    }
  | { readonly do: "cut"; readonly peer: number; readonly to: number; readonly told: boolean };

export interface Change {
  readonly game: number;
  readonly to: "gone" | "busy" | "ready";
  readonly version: number;
  readonly size: number;
  readonly installed: boolean;
}
