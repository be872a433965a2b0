/** A linear congruential generator (Knuth, MMIX): the same seed gives the same run. */
export function randomFrom(start: number): () => number {
  let state = BigInt(start);
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 11n) / 2 ** 53;
  };
}
