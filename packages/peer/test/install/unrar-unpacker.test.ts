import { unpackerContract } from "./unpacker-contract.ts";

unpackerContract({
  title: "UnRAR in WebAssembly",
  factory: {
    module: new URL("../../src/install/index.ts", import.meta.url).href,
    name: "createUnrarJsUnpacker",
    args: [],
  },
});
