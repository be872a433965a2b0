import { asGameId } from "@lanspread/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Party } from "../runtime/party.ts";
import { converse } from "./converse.ts";

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

describe("a line that is refused", () => {
  it.each<[string, string, { id: unknown; cmd: string | null; message: string }]>([
    ["no JSON", "{ no", { id: null, cmd: null, message: "The line is no JSON." }],
    ["no object", "null", { id: null, cmd: null, message: "expected object" }],
    ["a list", "[1]", { id: null, cmd: null, message: "expected object" }],
    ["without a command", '{"id":3}', { id: 3, cmd: null, message: "cmd: " }],
    ["an unknown command", '{"id":"a-1","cmd":"dance"}', { id: "a-1", cmd: "dance", message: "cmd: " }],
    ["without an id", '{"cmd":"status"}', { id: null, cmd: "status", message: "id: " }],
    ["an id that is no integer", '{"id":1.5,"cmd":"status"}', { id: null, cmd: "status", message: "id: " }],
    ["an id that is an object", '{"id":{},"cmd":"status"}', { id: null, cmd: "status", message: "id: " }],
    [
      "an id that is too long",
      `{"id":"${"i".repeat(201)}","cmd":"status"}`,
      { id: null, cmd: "status", message: "id: " },
    ],
    ["a command that is a number", '{"id":4,"cmd":4}', { id: 4, cmd: null, message: "cmd: " }],
    ["an unknown field", '{"id":5,"cmd":"status","x":1}', { id: 5, cmd: "status", message: '"x"' }],
    [
      "a field of another type",
      '{"id":6,"cmd":"install","game_id":6}',
      { id: 6, cmd: "install", message: "game_id: " },
    ],
  ])(
    "%s is answered with an error under its id, if it has one",
    async (_, text, { message, ...expected }) => {
      const { peer } = await party.start("alpha", { discovery: null });
      const client = converse(peer);
      const refusal = { type: "error", ...expected, code: "bad-request", hint: expect.any(String) };
      expect(await client.say(text)).toEqual([{ ...refusal, message: expect.stringContaining(message) }]);
      // And the next line is taken.
      expect(await client.say('{"id":9,"cmd":"list-peers"}')).toMatchObject([{ type: "result", id: 9 }]);
    },
  );

  it("too long to be read has an error without an id", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    const client = converse(peer);
    client.session.refuseLine();
    await client.session.idle();
    expect(client.answers()).toEqual([
      {
        type: "error",
        id: null,
        cmd: null,
        code: "bad-request",
        message: "The line is too long for a command.",
        hint: expect.any(String),
      },
    ]);
  });

  it("empty has no answer", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    expect(await converse(peer).say(" \r")).toEqual([]);
  });

  it("by the peer has the peer's code, message and hint", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    const client = converse(peer);
    const failure = await peer.send({ type: "connect", addr: peer.addr }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "self-connect", hint: expect.any(String) });
    const { message, hint } = failure as { message: string; hint: string };
    expect(await client.ask({ cmd: "connect", addr: peer.addr })).toEqual({
      type: "error",
      id: 1,
      cmd: "connect",
      code: "self-connect",
      message,
      hint,
    });
    expect(await client.ask({ cmd: "uninstall", game_id: asGameId("doom") })).toMatchObject({
      type: "error",
      code: "not-installed",
    });
    expect(await client.ask({ cmd: "remove-download", game_id: asGameId("doom") })).toMatchObject({
      type: "error",
      code: "not-downloaded",
    });
    expect(await client.ask({ cmd: "cancel-download", game_id: asGameId("doom") })).toMatchObject({
      type: "error",
      code: "nothing-to-cancel",
    });
  });
});
