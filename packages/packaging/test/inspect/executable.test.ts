import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { isNewer, readExecutable } from "../../src/inspect/executable.ts";
import { machO, pe } from "./made-executables.ts";

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
    const libraries = ["/usr/lib/libSystem.B.dylib", "@rpath/other.dylib"];
    expect(readExecutable(machO({ libraries, oldest: [13, 5], isSigned: false }))).toEqual({
      ...{ format: "mach-o", processor: "arm64", libraries, oldest: [13, 5], isSigned: false },
    });
    expect(readExecutable(machO({ processor: 0x01000007, oldest: [11, 0], isSigned: true }))).toMatchObject({
      ...{ processor: "x64", isSigned: true },
    });
  });

  it("takes nothing else for a program", () => {
    expect(readExecutable(Buffer.from("#!/bin/sh\n".repeat(20)))).toBeNull();
    expect(readExecutable(Buffer.alloc(0))).toBeNull();
    expect(readExecutable(Buffer.from("MZ".padEnd(256, "\0")))).toBeNull();
  });

  it("throws where a file is cut off", () => {
    expect(() => readExecutable(pe(0x8664, ["KERNEL32.dll"]).subarray(0, 0x400))).toThrow(RangeError);
    const withLibrary = machO({ libraries: ["/usr/lib/libc++.1.dylib"], oldest: [13, 0], isSigned: true });
    expect(() => readExecutable(withLibrary.subarray(0, 90))).toThrow(RangeError);
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
