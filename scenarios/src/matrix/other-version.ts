import { registerHooks } from "node:module";

// Loaded with `node --import` in front of a peer: makes it one of the next version of the protocol.

const CONSTANT = /PROTOCOL_VERSION = (\d+)/u;
let isDone = false;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!/\/proto\/(?:src|dist)\/limits\.[jt]s$/u.test(url)) return loaded;
    const source = String(loaded.source);
    isDone = CONSTANT.test(source);
    return {
      ...loaded,
      source: source.replace(CONSTANT, (_, version) => `PROTOCOL_VERSION = ${Number(version) + 1}`),
    };
  },
});

process.once("beforeExit", () => {
  if (!isDone) throw new Error("the version of the protocol was not found in the program");
});
