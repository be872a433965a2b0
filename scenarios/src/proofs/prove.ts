import { isDeepStrictEqual } from "node:util";

/** @throws Error where it is not so. @param what what has to be so */
export function prove(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(`not so: ${what}`);
}

/** @throws Error that shows both where they differ */
export function equal<T>(what: string, actual: T, expected: T): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what} should be ${JSON.stringify(expected)}, not ${JSON.stringify(actual)}`);
}
