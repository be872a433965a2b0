import { runContract } from "./run-contract.ts";

await runContract("7-zip", {
  "RAR 4: is found whole behind 4 GiB": "7-Zip takes the size of what it passes over in RAR 4 for 32 bits",
});
