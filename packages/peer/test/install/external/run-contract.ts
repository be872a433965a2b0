import type { ProgramKind } from "../../../src/install/external/programs.ts";
import { type UnpackerSubject, unpackerContract } from "../unpacker-contract.ts";
import { findRealProgram } from "./real-programs.ts";

/** What every unpacker promises, with a program of this machine. */
export async function runContract(kind: ProgramKind, except: UnpackerSubject["except"] = {}): Promise<void> {
  const { program, unavailable } = await findRealProgram(kind);
  unpackerContract({
    title: program?.title ?? kind,
    factory: {
      module: new URL("../../../src/install/index.ts", import.meta.url).href,
      name: "createExternalUnpacker",
      args: [program?.path ?? ""],
    },
    except,
    ...(unavailable === undefined ? {} : { unavailable }),
  });
}
