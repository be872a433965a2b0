/** Unpacks or streams one archive and says how much memory that took. Started by memory.ts. */
import { argv, stdout } from "node:process";
import { peakRssBytes } from "@lanspread/testkit";
import { makeUnpacker, type UnpackerFactory } from "./make-unpacker.ts";

export interface MemoryTask {
  readonly factory: UnpackerFactory;
  readonly task: "unpack" | "stream";
  readonly archive: string;
  readonly into: string;
}

export interface MemoryReport {
  /** Bytes of content. */
  readonly bytes: number;
  /** Largest resident memory of this process. */
  readonly peakBytes: number;
}

const { factory, task, archive, into } = JSON.parse(argv[2] ?? "") as MemoryTask;
const unpacker = await makeUnpacker(factory);
let bytes = 0;
if (task === "unpack") {
  for (const { size } of await unpacker.unpack({ archive, into })) bytes += size;
} else {
  await unpacker.stream({
    archive,
    sink: {
      directory: async () => {},
      fileBegin: async () => {},
      bytes: async (chunk) => {
        bytes += chunk.length;
      },
      fileEnd: async () => {},
    },
  });
}
const report: MemoryReport = { bytes, peakBytes: peakRssBytes() };
stdout.write(JSON.stringify(report));
