/** Whose app it is that makes the party up: both directories are empty. */
export interface PagesSettings {
  readonly gamesDir: string;
  readonly stateDir: string;
}

/** What the served pages tell. */
export interface Served {
  /** Good for one browser. */
  readonly address: string;
}

/** What they are told: whether downloads tell how far they are. */
export interface Tell {
  readonly isDownloading: boolean;
}
