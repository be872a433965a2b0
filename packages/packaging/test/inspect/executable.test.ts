import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { isNewer, readExecutable } from "../../src/inspect/executable.ts";

/** A PE file with one section at address 0x1000, which begins at 0x400 of the file and has the table of imports. */
function pe(machine: number, libraries: readonly string[]): Buffer {
  const bytes = Buffer.alloc(0x800);
  bytes.write("MZ");
  bytes.writeUInt32LE(0x80, 0x3c);
  bytes.write("PE\0\0", 0x80);
  bytes.writeUInt16LE(machine, 0x84);
  bytes.writeUInt16LE(1, 0x86);
  const optionalBytes = 240;
  bytes.writeUInt16LE(optionalBytes, 0x94);
  const optional = 0x98;
  bytes.writeUInt32LE(0x1000, optional + 112 + 8);
  const section = optional + optionalBytes;
  bytes.writeUInt32LE(0x400, section + 8);
  bytes.writeUInt32LE(0x1000, section + 12);
  bytes.writeUInt32LE(0x400, section + 16);
  bytes.writeUInt32LE(0x400, section + 20);
  for (const [index, name] of libraries.entries()) {
    bytes.writeUInt32LE(0x1200 + 32 * index, 0x400 + 20 * index + 12);
    bytes.write(`${name}\0`, 0x600 + 32 * index);
  }
  return bytes;
}

/** A Mach-O file with these load commands. */
function machO(cpu: number, commands: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(0xfeedfacf, 0);
  head.writeUInt32LE(cpu, 4);
  head.writeUInt32LE(commands.length, 16);
  return Buffer.concat([head, ...commands, Buffer.alloc(64)]);
}

function command(kind: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(kind, 0);
  head.writeUInt32LE(8 + body.length, 4);
  return Buffer.concat([head, body]);
}

/** `LC_LOAD_DYLIB`: where the name begins, three numbers, the name. */
function dylib(name: string): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(24, 0);
  return command(0xc, Buffer.concat([head, Buffer.from(name.padEnd(40, "\0"))]));
}

describe("readExecutable", () => {
  it.runIf(process.platform === "linux")(
    "knows the program that runs this, and the glibc that it needs",
    async () => {
      const read = readExecutable(await readFile(process.execPath));
      expect(read).toMatchObject({ format: "elf", processor: process.arch, isSigned: false });
      expect(read?.oldest?.[0]).toBe(2);
    },
  );

  it("reads processor and libraries of a Windows file", () => {
    expect(readExecutable(pe(0x8664, ["KERNEL32.dll", "VCRUNTIME140.dll"]))).toEqual({
      ...{ format: "pe", processor: "x64", oldest: null, isSigned: false },
      libraries: ["KERNEL32.dll", "VCRUNTIME140.dll"],
    });
    expect(readExecutable(pe(0xaa64, []))?.processor).toBe("arm64");
    expect(readExecutable(pe(0x14c, []))?.processor).toBe("other");
  });

  it("reads processor, libraries, system and signature of a macOS file", () => {
    const version = Buffer.from([1, 0, 0, 0, 0, 5, 13, 0, 0, 0, 14, 0, 0, 0, 0, 0]);
    const commands = [dylib("/usr/lib/libSystem.B.dylib"), command(0x32, version)];
    expect(readExecutable(machO(0x0100000c, commands))).toEqual({
      ...{ format: "mach-o", processor: "arm64", oldest: [13, 5], isSigned: false },
      libraries: ["/usr/lib/libSystem.B.dylib"],
    });
    const signed = machO(0x01000007, [...commands, command(0x1d, Buffer.alloc(8))]);
    expect(readExecutable(signed)).toMatchObject({ processor: "x64", isSigned: true });
  });

  it("takes nothing else for a program", () => {
    expect(readExecutable(Buffer.from("#!/bin/sh\n".repeat(20)))).toBeNull();
    expect(readExecutable(Buffer.alloc(0))).toBeNull();
    expect(readExecutable(Buffer.from("MZ".padEnd(256, "\0")))).toBeNull();
  });

  it("throws where a file is cut off", () => {
    expect(() => readExecutable(pe(0x8664, ["KERNEL32.dll"]).subarray(0, 0x400))).toThrow(RangeError);
    expect(() => readExecutable(machO(0x0100000c, [dylib("x")]).subarray(0, 80))).not.toThrow();
  });
});

describe("isNewer", () => {
  it.each([
    [[2, 34], [2, 28], true],
    [[2, 9], [2, 28], false],
    [[3, 0], [2, 99], true],
    [[2, 34], [2, 34], false],
  ] as const)("compares %j with %j", (version, than, expected) => {
    expect(isNewer(version, than)).toBe(expected);
  });
});
