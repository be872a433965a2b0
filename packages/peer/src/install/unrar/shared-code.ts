import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** Compiled WebAssembly (WebAssembly JavaScript Interface, `Module`): it can be sent to threads, which share its code. */
export type CompiledCode = object;

/** The part of `WebAssembly` that is used here: its types are those of browsers. */
export interface WebAssemblyApi {
  compile(bytes: Uint8Array): Promise<CompiledCode>;
  readonly Instance: new (code: CompiledCode, imports: object) => object;
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;

const WASM_FILE = createRequire(import.meta.url).resolve("node-unrar-js/dist/js/unrar.wasm");

let code: Promise<CompiledCode> | undefined;

/**
 * UnRAR, compiled once for the whole process and kept. Each unpacking thread would compile it anew and free it when it ends;
 * the engine has ended whole processes over code that came and went with threads ("allocations_.erase", nodejs/node#64500).
 */
export function unrarCode(): Promise<CompiledCode> {
  code ??= readFile(WASM_FILE).then((bytes) => webAssembly.compile(bytes));
  return code;
}
