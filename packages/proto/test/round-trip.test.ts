import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  answerSchema,
  encodeFrame,
  FrameDecoder,
  MAX_RESPONSE_BYTES,
  parseAnswer,
  parseRequest,
  parseStreamControl,
  requestSchema,
  streamControlSchema,
  WireError,
} from "../src/index.ts";
import { answers, controls, requests } from "./support/arbitraries.ts";
import { perturbations } from "./support/perturb.ts";

interface Family {
  readonly name: string;
  readonly parse: (body: Uint8Array) => unknown;
  readonly types: readonly string[];
  readonly arbitraries: Readonly<Record<string, fc.Arbitrary<object>>>;
}

const typesOf = (union: { options: readonly { shape: { type: { value: string } } }[] }) =>
  union.options.map((option) => option.shape.type.value);

const families: Family[] = [
  { name: "request", parse: parseRequest, types: typesOf(requestSchema), arbitraries: requests },
  { name: "answer", parse: parseAnswer, types: typesOf(answerSchema), arbitraries: answers },
  {
    name: "control frame",
    parse: parseStreamControl,
    types: typesOf(streamControlSchema),
    arbitraries: controls,
  },
];

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** The message in one frame and out of it again. */
function throughAFrame(message: object): Uint8Array {
  const decoder = new FrameDecoder(MAX_RESPONSE_BYTES);
  decoder.push(encodeFrame(message));
  const body = decoder.next();
  if (body === null) throw new Error("the frame is not complete");
  return body;
}

for (const { name, parse, types, arbitraries } of families) {
  it(`generates every ${name} there is`, () => {
    expect(Object.keys(arbitraries).sort()).toEqual([...types].sort());
  });

  describe.each(Object.entries(arbitraries))(`${name} %s`, (_type, arbitrary) => {
    it("comes back as it was sent", () => {
      fc.assert(
        fc.property(arbitrary, (message) => {
          expect(parse(throughAFrame(message))).toEqual(message);
        }),
      );
    });

    it("is refused with a field missing, extra, misspelt or of another type, at any depth", () => {
      fc.assert(
        fc.property(arbitrary, (message) => {
          for (const { what, value } of perturbations(message)) {
            expect(() => parse(encode(value)), what).toThrow(WireError);
          }
        }),
        { numRuns: 30 },
      );
    });

    it("is refused under an unknown type", () => {
      fc.assert(
        fc.property(arbitrary, fc.string(), (message, type) => {
          fc.pre(!types.includes(type));
          expect(() => parse(encode({ ...message, type }))).toThrow(WireError);
        }),
        { numRuns: 30 },
      );
    });

    it("cut off anywhere is refused", () => {
      fc.assert(
        fc.property(arbitrary, fc.nat(), (message, at) => {
          const body = encode(message);
          expect(() => parse(body.subarray(0, at % body.length))).toThrow(WireError);
        }),
      );
    });

    it("with a byte changed is refused or says something else, and never breaks the parser", () => {
      fc.assert(
        fc.property(arbitrary, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, at, flip) => {
          const body = encode(message);
          const index = at % body.length;
          body[index] = (body[index] ?? 0) ^ flip;
          let parsed: unknown;
          try {
            parsed = parse(body);
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
            return;
          }
          // What is left are other spellings of the same value: an escape's letter case, -0, a cleaned message.
          if (JSON.stringify(parsed) === JSON.stringify(message)) return;
          expect(parsed).not.toEqual(message);
        }),
      );
    });
  });

  it(`takes no arbitrary bytes or values for a ${name}`, () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (body) => {
          expect(() => parse(body)).toThrow(WireError);
        },
      ),
    );
  });

  it(`says something else with every other ${name}`, () => {
    const any = fc.oneof(...Object.values(arbitraries));
    fc.assert(
      fc.property(any, any, (a, b) => {
        const same = Buffer.from(encodeFrame(a)).equals(encodeFrame(b));
        expect(same).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
}
