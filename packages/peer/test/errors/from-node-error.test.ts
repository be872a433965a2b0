import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, open, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { fromNodeError, PeerError, toPeerError } from "../../src/errors/index.ts";
import { asNobody } from "../storage/as-nobody.ts";

/** Whether low ports are kept from ordinary users: Linux, as it is set up almost everywhere. */
function portsAreGuarded(): boolean {
  if (process.platform !== "linux") return false;
  return Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8")) > 80;
}

async function thrownBy(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("the work was meant to fail");
}

describe("fromNodeError", () => {
  it("maps what the file system really says, and names the path", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("file"), "");
    const cases: [() => Promise<unknown>, string][] = [
      [() => readFile(dir.join("no")), "no-such-file"],
      [() => readdir(dir.join("no")), "no-such-directory"],
      [() => mkdir(dir.join("no", "no")), "no-such-directory"],
      [() => readdir(dir.join("file")), "not-a-directory"],
      [() => open(dir.join("file"), "wx"), "already-exists"],
      [() => readFile(dir.join("x".repeat(300))), "path-too-long"],
    ];
    for (const [work, code] of cases) {
      const cause = await thrownBy(work);
      const error = fromNodeError(cause);
      expect(error).toMatchObject({ code, cause });
      expect(error.message).toContain(dir.path);
    }
  });

  it("maps a port that is taken", async () => {
    const first = createServer().listen(0, "127.0.0.1");
    await once(first, "listening");
    const address = first.address();
    if (address === null || typeof address === "string") throw new Error("no address");
    const second = createServer().listen(address.port, "127.0.0.1");
    const [cause] = await once(second, "error");
    expect(fromNodeError(cause, `127.0.0.1:${address.port}`)).toMatchObject({
      code: "port-taken",
      message: expect.stringContaining(String(address.port)),
    });
    first.close();
    await once(first, "close");
  });

  it.skipIf(!portsAreGuarded())(
    "speaks of ports where this user may not listen (skipped where every user may listen on port 80)",
    async () => {
      const socket = createSocket("udp4");
      const failed = once(socket, "error");
      await asNobody(async () => {
        socket.bind({ port: 80, address: "127.0.0.1", exclusive: true });
        await failed;
      });
      const [cause] = await failed;
      socket.close();
      expect(fromNodeError(cause, "127.0.0.1:80")).toMatchObject({
        code: "no-permission",
        message: expect.stringMatching(/^127\.0\.0\.1:80: .*listen/u),
        hint: expect.stringContaining("port above 1023"),
      });
      expect(
        fromNodeError(Object.assign(new Error("x"), { code: "EACCES", syscall: "open" }), "/x").hint,
      ).toContain("directory");
    },
  );

  it("keeps a PeerError, knows a cancellation, and calls the rest internal", async () => {
    const error = new PeerError("disk-full", "x");
    expect(fromNodeError(error, "y")).toBe(error);
    const aborted = await thrownBy(async () => readFile("/", { signal: AbortSignal.abort() }));
    expect(fromNodeError(aborted)).toMatchObject({ code: "cancelled" });
    expect(toPeerError(aborted)).toMatchObject({ code: "cancelled" });
    expect(fromNodeError(new TypeError("oh"), "y")).toMatchObject({ code: "internal", message: "y: oh" });
    const own = await thrownBy(async () => new URL("no url"));
    expect(fromNodeError(own, "y")).toMatchObject({ code: "internal" });
  });
});

describe("PeerError", () => {
  it("takes hint and retryable from the registry unless it is told better", () => {
    expect(new PeerError("disk-full", "x")).toMatchObject({
      retryable: true,
      hint: expect.stringMatching(/./u),
    });
    expect(new PeerError("not-installed", "x").hint).toBeUndefined();
    expect(new PeerError("disk-full", "x", { retryable: false, hint: "h" })).toMatchObject({
      retryable: false,
      hint: "h",
    });
  });
});
