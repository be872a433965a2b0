import { z } from "zod";
import { WIRE_ERROR_CODES, type WireErrorCode } from "./errors.ts";
import { boundedList, countSchema, listenAddressSchema, nameSchema, rawPathSchema } from "./fields.ts";
import { gameIdSchema, hashSchema, peerIdSchema } from "./ids.ts";
import { libraryChangeSchema, librarySnapshotSchema } from "./library.ts";
import { MAX_CHUNK_BYTES, MAX_FEATURE_LENGTH, MAX_FEATURES, MAX_MANIFEST_PIECES } from "./limits.ts";
import { manifestSchema } from "./manifest-schema.ts";
import { cleanMessage } from "./text.ts";

const message = <Type extends string, Shape extends z.core.$ZodLooseShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), ...shape });

const sender = { peer_id: peerIdSchema };
const introduction = {
  ...sender,
  proto_ver: countSchema,
  /** The listener, never the source port of the connection. A wildcard host stands for the connection's remote host. */
  listen_addr: listenAddressSchema,
  name: nameSchema,
  party: nameSchema,
  /** What the sender can do beyond the protocol; unknown ones are ignored. */
  features: boundedList(z.string().max(MAX_FEATURE_LENGTH), MAX_FEATURES),
  library: librarySnapshotSchema,
};
const content = { game_id: gameIdSchema, manifest_hash: hashSchema };

/** What a requester sends as the one frame of its side of a stream. */
export const requestSchema = z.discriminatedUnion("type", [
  message("hello", introduction),
  message("library_delta", { ...sender, delta: libraryChangeSchema }),
  message("ping", sender),
  message("goodbye", sender),
  message("list_games", {}),
  message("get_game", { game_id: gameIdSchema }),
  message("get_piece_hashes", content),
  message("get_game_file_data", { ...content, path: rawPathSchema }),
  message("get_game_file_chunk", {
    ...content,
    path: rawPathSchema,
    offset: countSchema,
    length: z.int().positive().max(MAX_CHUNK_BYTES),
  }),
  message("stream_install", content),
]);
export type Request = z.infer<typeof requestSchema>;
export type RequestType = Request["type"];
export type RequestOf<Type extends RequestType> = Extract<Request, { type: Type }>;
export type Hello = RequestOf<"hello">;
export type LibraryDelta = RequestOf<"library_delta">;
export type Ping = RequestOf<"ping">;
export type Goodbye = RequestOf<"goodbye">;
export type ListGames = RequestOf<"list_games">;
export type GetGame = RequestOf<"get_game">;
export type GetPieceHashes = RequestOf<"get_piece_hashes">;
export type GetGameFileData = RequestOf<"get_game_file_data">;
export type GetGameFileChunk = RequestOf<"get_game_file_chunk">;
export type StreamInstall = RequestOf<"stream_install">;

/** An error answer; also the control frame of a streamed install that failed. */
export const errorAnswerSchema = message("error", {
  code: z.enum(WIRE_ERROR_CODES),
  // Cleaned instead of refused: a message that is too long must not hide the code.
  message: z.string().transform(cleanMessage),
  retryable: z.boolean(),
});
export type ErrorAnswer = z.infer<typeof errorAnswerSchema>;

/** What an answerer sends as the first frame of its side; `piece_hashes` and `file_data` are followed by raw bytes. */
export const answerSchema = z.discriminatedUnion("type", [
  message("hello_ack", introduction),
  message("ok", {}),
  message("pong", {}),
  message("games", { snapshot: librarySnapshotSchema }),
  message("game", { manifest: manifestSchema }),
  /** `count` digests of 32 bytes follow. */
  message("piece_hashes", { count: z.int().nonnegative().max(MAX_MANIFEST_PIECES) }),
  /** `size` bytes follow. */
  message("file_data", { size: countSchema }),
  errorAnswerSchema,
]);
export type Answer = z.infer<typeof answerSchema>;
export type AnswerType = Answer["type"];
export type AnswerOf<Type extends AnswerType> = Extract<Answer, { type: Type }>;
export type HelloAck = AnswerOf<"hello_ack">;

/** An error answer whose text is fit for the wire. `text` must name no path of this machine where the code is `internal`. */
export function errorAnswer(code: WireErrorCode, text: string, retryable: boolean): ErrorAnswer {
  return { type: "error", code, message: cleanMessage(text), retryable };
}
