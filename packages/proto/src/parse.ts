import type { z } from "zod";
import { RESET, WireError } from "./errors.ts";
import { MAX_MESSAGE_DEPTH, MAX_MESSAGE_OBJECTS, MAX_REQUEST_BYTES } from "./limits.ts";
import { type Answer, answerSchema, type Request, type RequestType, requestSchema } from "./messages.ts";
import { type StreamControl, streamControlSchema } from "./stream-install.ts";

// A byte order mark is no JSON (RFC 8259 section 8.1), so it is kept for JSON.parse to refuse.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Requests that carry a library and so may be as long as `MAX_HELLO_BYTES`. */
const LIBRARY_REQUESTS: ReadonlySet<RequestType> = new Set(["hello", "library_delta"]);

/**
 * @param body of a frame, which the frame decoder held to `MAX_HELLO_BYTES`
 * @throws WireError `bad_request` where the body is no JSON in UTF-8, no request, or longer than its type may be
 */
export function parseRequest(body: Uint8Array): Request {
  const request = parse(requestSchema, body, "request");
  if (body.length > MAX_REQUEST_BYTES && !LIBRARY_REQUESTS.has(request.type)) {
    throw new WireError(
      "bad_request",
      `a ${request.type} of ${body.length} bytes, ${MAX_REQUEST_BYTES} are allowed`,
      RESET.tooLarge,
    );
  }
  return request;
}

/** @throws WireError `bad_request` where the body is no JSON in UTF-8 or no answer */
export function parseAnswer(body: Uint8Array): Answer {
  return parse(answerSchema, body, "answer");
}

/** @throws WireError `bad_request` where the body is no JSON in UTF-8 or no control frame of a streamed install */
export function parseStreamControl(body: Uint8Array): StreamControl {
  return parse(streamControlSchema, body, "control frame");
}

function parse<T>(schema: z.ZodType<T>, body: Uint8Array, what: string): T {
  const excess = body.length > COST_MATTERS_FROM_BYTES ? excessOf(body) : null;
  if (excess !== null) throw new WireError("bad_request", `not a known ${what}: ${excess}`);
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(body));
  } catch {
    throw new WireError("bad_request", `not a known ${what}: no JSON in UTF-8`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const place = issue?.path.join(".") || "the message";
  throw new WireError("bad_request", `not a known ${what}: ${place}: ${issue?.message ?? "not as expected"}`);
}

// Nesting costs time per level: 8 MiB of brackets keep JSON.parse busy for over a second, 8 KiB for a millisecond.
const COST_MATTERS_FROM_BYTES = 8 * 1024;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a body has more of than any message: levels, or objects and lists. Wrong on what is no JSON, which fails later anyway. */
function excessOf(body: Uint8Array): string | null {
  let depth = 0;
  let objects = 0;
  let inString = false;
  for (let index = 0; index < body.length; index++) {
    const byte = body[index];
    if (inString) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inString = false;
      continue;
    }
    if (byte === QUOTE) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      objects += 1;
      if (depth > MAX_MESSAGE_DEPTH) return "nested too deep";
      if (objects > MAX_MESSAGE_OBJECTS) return `more than ${MAX_MESSAGE_OBJECTS} objects and lists`;
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return null;
}
