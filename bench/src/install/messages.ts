/** What the process that unpacks is told. */
export interface UnpackSettings {
  readonly archive: string;
  /** An empty directory. */
  readonly into: string;
  /** Absolute path of a program that does the decompressing; null: the built-in one. */
  readonly program: string | null;
}

/** The only line of that process. */
export interface Unpacked {
  /** Of all files. */
  readonly bytes: number;
  readonly seconds: number;
  /** Of all threads, from the call to its end. Other programs are not in it. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}
