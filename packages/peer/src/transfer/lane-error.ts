/**
 * The lane was lost, or the source's could not be reached or is gone: no fault of the source, which is asked in another way.
 */
export class LaneError extends Error {
  override readonly name = "LaneError";
}
