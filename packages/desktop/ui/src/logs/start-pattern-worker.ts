import type { PatternWorker } from "./pattern-test.ts";
import workerAddress from "./pattern-worker.ts?worker&url";

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (address: string) => string },
  ): { createScriptURL(address: string): string };
}

/** The page's policy lets no text become a script's address; this one is the build's. Not every browser knows that. */
const policy = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy(
  "lanspread-worker",
  {
    createScriptURL: (address) => {
      if (address !== workerAddress) throw new TypeError("this is not the page's own thread");
      return address;
    },
  },
);

export function startPatternWorker(): PatternWorker {
  const address = policy?.createScriptURL(workerAddress) ?? workerAddress;
  return new Worker(address, { type: "module" }) as PatternWorker;
}
