import { z } from "zod";
import { WIRE_ERROR_CODES, WireError } from "./errors.ts";
import { gameIdSchema, gameVersionSchema, hashSchema, peerIdSchema } from "./ids.ts";
import {
  MAX_CHUNK_BYTES,
  MAX_LIBRARY_GAMES,
  MAX_MANIFEST_FILES,
  MAX_NAME_LENGTH,
  MAX_PATH_BYTES,
  MIN_PIECE_BYTES,
} from "./limits.ts";

/** Byte count, offset or counter: a whole number from 0 below 2^53. */
const count = z.int().nonnegative();
/** Raw path as it came; the path rules (`paths.ts`) are asked apart, so that a refusal can name its rule. */
const path = z.string().max(MAX_PATH_BYTES);
/** Name of a peer or a party: shown to people, so no control characters. */
export const nameSchema = z
  .string()
  .min(1)
  .max(MAX_NAME_LENGTH)
  .regex(/^\P{Cc}*$/u, "has control characters");

export const availabilitySchema = z.enum(["ready", "local_only"]);
export type Availability = z.infer<typeof availabilitySchema>;

/** What a peer announces of one game. */
export const gameSummarySchema = z.strictObject({
  id: gameIdSchema,
  name: z.string().max(200),
  version: gameVersionSchema,
  size: count,
  downloaded: z.boolean(),
  installed: z.boolean(),
  manifest_hash: hashSchema,
  content_id: hashSchema.nullable(),
  availability: availabilitySchema,
});
export type GameSummary = z.infer<typeof gameSummarySchema>;

export const librarySnapshotSchema = z.strictObject({
  library_rev: count,
  games: z.array(gameSummarySchema).max(MAX_LIBRARY_GAMES),
});
export type LibrarySnapshot = z.infer<typeof librarySnapshotSchema>;

export const libraryChangeSchema = z.strictObject({
  from_rev: count,
  to_rev: count,
  added: z.array(gameSummarySchema).max(MAX_LIBRARY_GAMES),
  updated: z.array(gameSummarySchema).max(MAX_LIBRARY_GAMES),
  removed: z.array(gameIdSchema).max(MAX_LIBRARY_GAMES),
});
export type LibraryChange = z.infer<typeof libraryChangeSchema>;

export const manifestSchema = z.strictObject({
  game_id: gameIdSchema,
  version: gameVersionSchema,
  manifest_hash: hashSchema,
  content_id: hashSchema.nullable(),
  piece_size: z.int().min(MIN_PIECE_BYTES),
  files: z.array(z.strictObject({ path, size: count })).max(MAX_MANIFEST_FILES),
});
export type Manifest = z.infer<typeof manifestSchema>;

const introduction = {
  peer_id: peerIdSchema,
  proto_ver: count,
  listen_addr: z.string().min(3).max(64),
  name: nameSchema,
  party: nameSchema,
  features: z.array(z.string().max(64)).max(32),
  library: librarySnapshotSchema,
};
const content = { game_id: gameIdSchema, manifest_hash: hashSchema };

const helloSchema = z.strictObject({ type: z.literal("hello"), ...introduction });
const helloAckSchema = z.strictObject({ type: z.literal("hello_ack"), ...introduction });
export type Hello = z.infer<typeof helloSchema>;
export type HelloAck = z.infer<typeof helloAckSchema>;

/** What a requester sends as the one frame of its side of a stream. */
export const requestSchema = z.discriminatedUnion("type", [
  helloSchema,
  z.strictObject({ type: z.literal("library_delta"), peer_id: peerIdSchema, delta: libraryChangeSchema }),
  z.strictObject({ type: z.literal("ping"), peer_id: peerIdSchema }),
  z.strictObject({ type: z.literal("goodbye"), peer_id: peerIdSchema }),
  z.strictObject({ type: z.literal("list_games") }),
  z.strictObject({ type: z.literal("get_game"), game_id: gameIdSchema }),
  z.strictObject({ type: z.literal("get_piece_hashes"), ...content }),
  z.strictObject({ type: z.literal("get_game_file_data"), ...content, path }),
  z.strictObject({
    type: z.literal("get_game_file_chunk"),
    ...content,
    path,
    offset: count,
    length: z.int().positive().max(MAX_CHUNK_BYTES),
  }),
  z.strictObject({ type: z.literal("stream_install"), ...content }),
]);
export type Request = z.infer<typeof requestSchema>;
export type RequestType = Request["type"];
export type RequestOf<Type extends RequestType> = Extract<Request, { type: Type }>;

const errorSchema = z.strictObject({
  type: z.literal("error"),
  code: z.enum(WIRE_ERROR_CODES),
  message: z.string().max(2_000),
  retryable: z.boolean(),
});
export type ErrorAnswer = z.infer<typeof errorSchema>;

/** What an answerer sends as the first frame of its side; `piece_hashes` and `file_data` are followed by raw bytes. */
export const answerSchema = z.discriminatedUnion("type", [
  helloAckSchema,
  z.strictObject({ type: z.literal("ok") }),
  z.strictObject({ type: z.literal("pong") }),
  z.strictObject({ type: z.literal("games"), snapshot: librarySnapshotSchema }),
  z.strictObject({ type: z.literal("game"), manifest: manifestSchema }),
  z.strictObject({ type: z.literal("piece_hashes"), count }),
  z.strictObject({ type: z.literal("file_data"), size: count }),
  errorSchema,
]);
export type Answer = z.infer<typeof answerSchema>;
export type AnswerType = Answer["type"];
export type AnswerOf<Type extends AnswerType> = Extract<Answer, { type: Type }>;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @throws WireError `bad_request` where the body is no JSON in UTF-8 or no request */
export function parseRequest(body: Uint8Array): Request {
  return parse(requestSchema, body, "request");
}

/** @throws WireError `bad_request` where the body is no JSON in UTF-8 or no answer */
export function parseAnswer(body: Uint8Array): Answer {
  return parse(answerSchema, body, "answer");
}

function parse<T>(schema: z.ZodType<T>, body: Uint8Array, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(body));
  } catch {
    throw new WireError("bad_request", `the ${what} is no JSON in UTF-8`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const place = issue?.path.join(".") || "the message";
  throw new WireError("bad_request", `not a ${what}: ${place}: ${issue?.message ?? "not as expected"}`);
}
