import { EXIT } from "../exit-codes.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";

export interface CertsRotateFlags {
  readonly out: string;
  readonly name?: string;
}

/** `lanspread certs rotate`: a certificate authority for a closed party. */
export async function certsRotate(context: CommandContext, flags: CertsRotateFlags): Promise<CommandOutcome> {
  const { createPartyCa, writePartyCa } = await import("@lanspread/peer");
  const ca = await createPartyCa(flags.name === undefined ? {} : { name: flags.name });
  context.signal.throwIfAborted();
  const { certFile, keyFile } = await writePartyCa({ dir: flags.out, ca });
  context.reporter.notice(
    `Copy ${flags.out} to every member, and to nobody else; everybody then starts with --party-ca ${flags.out}.`,
  );
  return {
    exit: EXIT.done,
    result: { kind: "certificates", directory: flags.out, files: [certFile, keyFile] },
  };
}
