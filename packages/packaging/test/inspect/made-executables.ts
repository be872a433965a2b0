import type { Version } from "../../src/platforms.ts";

/** A PE file with one section at address 0x1000, which begins at 0x400 of the file and has the table of imports. */
export function pe(machine: number, libraries: readonly string[]): Buffer {
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

/** What a Mach-O file says of itself. */
interface MachOParts {
  /** Default: that of Apple silicon. */
  readonly processor?: number;
  readonly libraries?: readonly string[];
  readonly oldest: Version;
  readonly isSigned: boolean;
}

/** A Mach-O file: a header and load commands. */
export function machO({ processor = 0x0100000c, libraries = [], oldest, isSigned }: MachOParts): Buffer {
  const [major, minor] = oldest;
  const commands = [
    ...libraries.map(dylib),
    command(0x32, Buffer.from([1, 0, 0, 0, 0, minor, major, 0, 0, 0, 14, 0, 0, 0, 0, 0])),
    ...(isSigned ? [command(0x1d, Buffer.alloc(8))] : []),
  ];
  const head = Buffer.alloc(32);
  head.writeUInt32LE(0xfeedfacf, 0);
  head.writeUInt32LE(processor, 4);
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
