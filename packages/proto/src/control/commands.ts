import { z } from "zod";
import { gameIdSchema } from "../ids.ts";

/** A path of this computer. A NUL ends names for every system, and would make another path of it. */
export const localPathSchema = z
  .string()
  .min(1)
  .refine((path) => !path.includes("\0"), "holds a NUL character");

const game = { gameId: gameIdSchema };
const command = <Type extends string, Shape extends z.core.$ZodLooseShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), ...shape });

/** Commands of the runtime (`peer.send`). */
export const runtimeCommandSchema = z.discriminatedUnion("type", [
  command("status", {}),
  command("list-games", {}),
  command("list-peers", {}),
  command("get-peer-count", {}),
  /** Manifest and sources of a game, from the peers where they have it, else from the own disk. */
  command("get-game", game),
  /** Manifest and sources of a game, never from the own disk: what an update would fetch. */
  command("fetch-latest-from-peers", game),
  command("download-game-files", {
    ...game,
    install: z.boolean().default(true),
    latest: z.boolean().default(false),
  }),
  /** Installs a game from the archives of others without storing them: for who has little room. */
  command("stream-install-game", game),
  command("install-game", game),
  command("uninstall-game", game),
  /** Deletes the download of a game that is not installed. */
  command("remove-downloaded-game", game),
  /** Ends a download, an install behind it, or a streamed install. */
  command("cancel-download", game),
  command("set-game-dir", { path: localPathSchema }),
  command("connect", { addr: z.string().min(1).max(300) }),
]);
/** A command as a host writes it: fields with a default may be left out. */
export type RuntimeCommand = z.input<typeof runtimeCommandSchema>;
export type RuntimeCommandType = RuntimeCommand["type"];
