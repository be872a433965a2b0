import { createExternalUnpacker, createUnrarJsUnpacker } from "@lanspread/peer";
import { peakRssBytes } from "@lanspread/testkit";
import { say, settings } from "../../child.ts";
import { cpuSeconds } from "../../cpu.ts";
import type { Unpacked, UnpackSettings } from "../messages.ts";

// Unpacks one archive with an unpacker of ours, in a process of its own, and says what it took.

const { archive, into, program } = settings<UnpackSettings>();
// The parent's end of our input closes when it is gone: then nobody needs us.
process.stdin.on("end", () => process.exit(0)).resume();
const unpacker = program === null ? createUnrarJsUnpacker() : await createExternalUnpacker(program);
const [startMs, startCpu] = [performance.now(), cpuSeconds()];
const files = await unpacker.unpack({ archive, into });
say({
  bytes: files.reduce((sum, { size }) => sum + size, 0),
  seconds: (performance.now() - startMs) / 1_000,
  cpuSeconds: cpuSeconds() - startCpu,
  peakRssBytes: peakRssBytes(),
} satisfies Unpacked);
process.stdin.pause();
