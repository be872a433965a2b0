import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { TemporaryDirectory } from "@lanspread/testkit";
import { describe, expect } from "vitest";
import type { UnpackerFactory } from "./make-unpacker.ts";
import type { MemoryReport, MemoryTask } from "./memory-child.ts";
import type { Contract } from "./subject.ts";
import { writeRar } from "./trial.ts";

const MIB = 1024 ** 2;
/** What a process may need more for a huge entry than for one of 1 MiB. */
const GROWTH_BYTES = 64 * MIB;
/** Bytes of the huge entry: as many as 2 GiB where nothing has to be written to a disk. */
const HUGE = { unpack: 512 * MIB, stream: 2048 * MIB };

export function memory({ factory, it }: Contract): void {
  describe("memory does not grow with sizes", () => {
    for (const task of ["unpack", "stream"] as const) {
      it(`a process that has to ${task} ${HUGE[task] / MIB} MiB needs little more memory than for 1`, async (place) => {
        const small = await peakBytes(place, factory, task, MIB);
        const huge = await peakBytes(place, factory, task, HUGE[task]);
        expect(huge - small).toBeLessThan(GROWTH_BYTES);
      });
    }
  });
}

/** Largest resident memory of a process that works on an archive with one entry of `zeros` bytes. */
async function peakBytes(
  place: TemporaryDirectory,
  factory: UnpackerFactory,
  task: MemoryTask["task"],
  zeros: number,
): Promise<number> {
  const archive = place.join(`${task}-${zeros}.eti`);
  const into = place.join(`into-${task}-${zeros}`);
  await writeRar(5)(archive, [{ name: "zeros.bin", content: { zeros } }]);
  await mkdir(into);
  const plan: MemoryTask = { factory, task, archive, into };
  const child = spawn(
    process.execPath,
    ["--conditions=source", fileURLToPath(new URL("memory-child.ts", import.meta.url)), JSON.stringify(plan)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [told, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(code).toBe(0);
  const report = JSON.parse(told) as MemoryReport;
  expect(report.bytes).toBe(zeros);
  if (task === "unpack") expect((await stat(`${into}/zeros.bin`)).size).toBe(zeros);
  await rm(into, { recursive: true });
  return report.peakBytes;
}
