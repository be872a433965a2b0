import type { Unpacker } from "../../../src/install/index.ts";

/** How an unpacker is made, in words that can be told to a child process. */
export interface UnpackerFactory {
  /** URL of a module. */
  readonly module: string;
  /** A function that it exports. What it returns may be a promise. */
  readonly name: string;
  /** What the function is called with: plain data. */
  readonly args: readonly unknown[];
}

export async function makeUnpacker({ module, name, args }: UnpackerFactory): Promise<Unpacker> {
  const found = (await import(module)) as Record<
    string,
    ((...args: readonly unknown[]) => unknown) | undefined
  >;
  const make = found[name];
  if (make === undefined) throw new Error(`${module} exports no ${name}`);
  return (await make(...args)) as Unpacker;
}
