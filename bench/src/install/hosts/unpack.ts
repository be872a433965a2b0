import { createExternalUnpacker, createUnrarJsUnpacker } from "@lanspread/peer";
import { peakRssBytes } from "@lanspread/testkit";
import { endWithParent, say, settings } from "../../child.ts";
import { cpuSeconds } from "../../cpu.ts";
import type { Unpacked, UnpackSettings } from "../messages.ts";

// Unpacks one archive with an unpacker of ours, in a process of its own, and says what it took.

const { archive, into, program } = settings<UnpackSettings>();
endWithParent();
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
