import { setFlagsFromString } from "node:v8";

// As the program does, before anything else is loaded.
setFlagsFromString("--no-parallel-scavenge");
setFlagsFromString("--semi-space-growth-factor=1");
setFlagsFromString("--min-semi-space-size=4");
await import("../run-peer.ts");
