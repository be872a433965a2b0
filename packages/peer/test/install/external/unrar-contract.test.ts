import { runContract } from "./run-contract.ts";

await runContract("unrar");
