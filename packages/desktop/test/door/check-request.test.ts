import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkRequest,
  cookieNameOf,
  type DoorRequest,
  type DoorRules,
} from "../../shell/door/check-request.ts";

const HOST = "127.0.0.1:40001";
const NAME = cookieNameOf(40_001);
const RULES: DoorRules = { host: HOST, cookie: NAME, isSession: (value) => value === "right" };
const COOKIE = `${NAME}=right`;

const PAGE: DoorRequest = {
  method: "GET",
  target: "/assets/app.js",
  host: HOST,
  origin: undefined,
  fetchSite: "same-origin",
  cookie: COOKIE,
  isUpgrade: false,
};
const SOCKET: DoorRequest = { ...PAGE, target: "/socket", origin: `http://${HOST}`, isUpgrade: true };

describe("the door", () => {
  it("lets in what comes from the own page", () => {
    expect(checkRequest(PAGE, RULES)).toEqual({ kind: "allow", path: "/assets/app.js" });
    expect(checkRequest(SOCKET, RULES)).toEqual({ kind: "allow", path: "/socket" });
    expect(checkRequest({ ...PAGE, method: "HEAD", target: "/?a=b" }, RULES)).toEqual({
      kind: "allow",
      path: "/",
    });
    expect(checkRequest({ ...PAGE, cookie: `other=x; ${COOKIE}; more=y` }, RULES)).toMatchObject({
      kind: "allow",
    });
  });

  it("lets the opened address in without a cookie, and only that", () => {
    const opened = { ...PAGE, cookie: undefined, fetchSite: "none", target: "/?token=abc" };
    expect(checkRequest(opened, RULES)).toEqual({ kind: "enter", token: "abc" });
    for (const target of ["/assets/?token=abc", "/index.html?token=abc"]) {
      expect(checkRequest({ ...opened, target }, RULES)).toMatchObject({ kind: "refuse", status: 401 });
    }
    expect(checkRequest({ ...opened, method: "HEAD" }, RULES)).toMatchObject({ kind: "refuse", status: 401 });
    expect(checkRequest({ ...SOCKET, cookie: undefined, target: "/?token=abc" }, RULES)).toMatchObject({
      kind: "refuse",
      status: 401,
    });
  });

  it.each<[string, Partial<DoorRequest>, number]>([
    ["another Host: a name that was made to lead here", { host: "evil.example:40001" }, 403],
    ["a Host with another port", { host: "127.0.0.1:40002" }, 403],
    ["a Host that only looks like ours", { host: `${HOST}.evil.example` }, 403],
    ["localhost, which this shell has not opened", { host: "localhost:40001" }, 403],
    ["no Host", { host: undefined }, 403],
    ["another Origin", { origin: "https://evil.example" }, 403],
    ["the Origin of another port", { origin: "http://127.0.0.1:8080" }, 403],
    ["an Origin that says nothing", { origin: "null" }, 403],
    ["a request across sites", { fetchSite: "cross-site" }, 403],
    ["a request of another port of this computer", { fetchSite: "same-site" }, 403],
    ["a method that changes something", { method: "POST" }, 405],
    ["no cookie", { cookie: undefined }, 401],
    ["a wrong cookie", { cookie: `${NAME}=wrong` }, 401],
    ["the cookie of another port", { cookie: `${cookieNameOf(40_002)}=right` }, 401],
    ["an empty cookie", { cookie: `${NAME}=` }, 401],
    ["two cookies of the name", { cookie: `${NAME}=wrong; ${COOKIE}` }, 401],
    ["two cookies of the name, the right one first", { cookie: `${COOKIE}; ${NAME}=wrong` }, 401],
    ["a whole address as its target", { target: `http://${HOST}/` }, 400],
    ["an endless address", { target: `/${"x".repeat(3_000)}` }, 400],
  ])("refuses %s", (_, change, status) => {
    for (const request of [PAGE, SOCKET]) {
      expect(checkRequest({ ...request, ...change }, RULES)).toMatchObject({ kind: "refuse", status });
    }
  });

  it("opens no socket without an Origin", () => {
    expect(checkRequest({ ...SOCKET, origin: undefined }, RULES)).toMatchObject({
      kind: "refuse",
      status: 403,
    });
  });

  it("lets nobody in whose cookie is not the session's, whatever else is said", () => {
    const any = fc.option(fc.string(), { nil: undefined });
    const requests = fc.record({
      method: any,
      target: any,
      host: fc.oneof(any, fc.constant(HOST)),
      origin: fc.oneof(any, fc.constant(`http://${HOST}`)),
      fetchSite: any,
      cookie: fc.option(
        fc.string().filter((text) => !text.includes("right")),
        { nil: undefined },
      ),
      isUpgrade: fc.boolean(),
    });
    fc.assert(
      fc.property(requests, (request) => {
        expect(checkRequest(request, RULES).kind).not.toBe("allow");
      }),
    );
  });
});
