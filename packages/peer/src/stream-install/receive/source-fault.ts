/**
 * How a source has failed: it sent what cannot be the game (`wrong`), said itself that it cannot send it (`said`), wants more
 * room than there is (`no-room`), or is silent or gone (`gone`).
 */
export type SourceFaultKind = "wrong" | "said" | "no-room" | "gone";

/** A source did not send the game to its end. Another one may. */
export class SourceFault extends Error {
  override readonly name = "SourceFault";
  readonly kind: SourceFaultKind;
  /** Nothing has come, and the source says that it is busy for now. */
  readonly later: boolean;
  /** The source says that its archives cannot be unpacked, which is so for whoever has them. */
  readonly badArchives: boolean;

  constructor(
    kind: SourceFaultKind,
    message: string,
    {
      later = false,
      badArchives = false,
      ...options
    }: ErrorOptions & { readonly later?: boolean; readonly badArchives?: boolean } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.later = later;
    this.badArchives = badArchives;
  }
}
