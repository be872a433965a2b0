import { watch } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

/** Takes a watcher of the system and gives it back: says what is wrong where there is none, and nothing where there is. */
try {
  watch(String(workerData)).close();
} catch (error) {
  parentPort?.postMessage(error instanceof Error ? error.message : String(error));
}
