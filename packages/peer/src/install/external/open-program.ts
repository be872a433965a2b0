import { resolve } from "node:path";
import { PeerError } from "../../errors/index.ts";
import { MAX_ANSWER_BYTES, RECOGNISE_MS } from "./constants.ts";
import { hasRarCodec, INFORMATION, type Program, readBanner, SUPPORTED_PROGRAMS } from "./programs.ts";
import { runProgram } from "./run-program.ts";

/**
 * Finds out which program is at a path, by asking it.
 *
 * @throws PeerError `unpacker-unusable`, naming the path and the reason; `cancelled`.
 */
export async function openProgram(path: string, signal?: AbortSignal): Promise<Program> {
  const absolute = resolve(path);
  const refuse = (why: string): never => {
    throw new PeerError("unpacker-unusable", `${absolute} cannot unpack the games: ${why}`, {
      hint: `Name ${SUPPORTED_PROGRAMS}, or leave the option out: the built-in UnRAR needs no other program.`,
    });
  };
  const found = readBanner(await ask(absolute, [], signal));
  if ("refused" in found) return refuse(found.refused);
  if (found.kind === "7-zip" && !hasRarCodec(await ask(absolute, INFORMATION, signal))) {
    refuse(`it is a ${found.title} without the RAR codec`);
  }
  return { ...found, path: absolute };
}

/** Everything that a program writes when it is called with these arguments, within limits. */
async function ask(path: string, args: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  const deadline = AbortSignal.timeout(RECOGNISE_MS);
  const ends = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  leaveIfAborted(path, signal);
  await using program = runProgram({ path, args, signal: ends });
  const answer: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of program.output) {
    answer.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes >= MAX_ANSWER_BYTES) return Buffer.concat(answer).toString("utf8");
  }
  const { complaints } = await program.end();
  leaveIfAborted(path, signal);
  return `${Buffer.concat(answer).toString("utf8")}\n${complaints}`;
}

function leaveIfAborted(path: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new PeerError("cancelled", `Looking at ${path} was cancelled.`);
}
