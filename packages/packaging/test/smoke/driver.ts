/**
 * Uses an unpacked lanspread as people and programs do. It runs on the Node.js of the archive, in a root where nothing else is, and
 * imports nothing that is not part of it. Prints one line for each thing that was shown; any other end is a failure.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** Longer than anything here takes on a busy machine. */
const DEADLINE_MS = 90_000;
const LANES = 2;
const GAME = "ggoo";
/** Natives that a running peer has in its memory. */
const NATIVES = ["koffi.node", "watcher.node", "node.napi.node"];

const [program = ""] = process.argv.slice(2);
const children: ChildProcessWithoutNullStreams[] = [];

function check(what: string, holds: boolean, seen: unknown = ""): void {
  if (!holds) throw new Error(`${what}: ${typeof seen === "string" ? seen : JSON.stringify(seen)}`);
}

function shown(what: string): void {
  process.stdout.write(`${what}\n`);
}

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = performance.now() + DEADLINE_MS; ; await delay(20)) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
  }
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly lines: string[];
  errors(): string;
  ended(): Promise<number | null>;
}

function start(...args: string[]): Running {
  const child = spawn(program, args, { env: { PATH: "/nowhere", HOME: "/home" } });
  children.push(child);
  const lines: string[] = [];
  let errors = "";
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const end = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return { child, lines, errors: () => errors, ended: () => end };
}

async function finished(...args: string[]): Promise<string> {
  const running = start(...args);
  const code = await running.ended();
  check(`${args.join(" ")} ends with 0`, code === 0, running.errors());
  return running.lines.join("\n");
}

type Line = {
  readonly type: string;
  readonly id?: unknown;
  readonly event?: string;
  readonly data?: Record<string, unknown>;
};

async function peer(
  name: string,
  ...more: string[]
): Promise<{
  running: Running;
  ask: (command: object) => Promise<Record<string, unknown>>;
  event: (name: string) => Promise<Line>;
}> {
  const place = ["--games-dir", `/tmp/${name}/games`, "--state-dir", `/tmp/${name}/state`, "--name", name];
  const network = ["--party", "smoke", "--interface", "127.0.0.1", "--lanes", String(LANES)];
  const running = start("harness", ...place, ...network, "-v", "-v", ...more);
  const parsed = (): Line[] => running.lines.map((line) => JSON.parse(line) as Line);
  const event = (wanted: string): Promise<Line> =>
    until(`${wanted} at ${name}, after\n${running.errors()}`, () =>
      parsed().find((line) => line.event === wanted),
    );
  let next = 1;
  const ask = async (command: object): Promise<Record<string, unknown>> => {
    const id = next++;
    running.child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    const answer = await until(`an answer to ${JSON.stringify(command)}`, () =>
      parsed().find((line) => line.id === id && line.type !== "event"),
    );
    check(`${name} does ${JSON.stringify(command)}`, answer.type === "result", answer);
    return answer.data ?? {};
  };
  await event("local-peer-ready");
  return { running, ask, event };
}

const digest = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

async function downloadAndInstall(): Promise<void> {
  const attic = await peer("attic", "--fixture", GAME);
  const cellar = await peer("cellar", "--fixture", "cnctw");
  for (const { running } of [attic, cellar]) {
    for (const native of NATIVES) {
      await until(`${native} in a peer's memory, after\n${running.errors()}`, () =>
        readFileSync(`/proc/${running.child.pid}/maps`, "utf8").includes(native),
      );
    }
  }
  shown(`natives: ${NATIVES.join(", ")}`);
  const lanes = (await Promise.all([attic, cellar].map(({ ask }) => ask({ cmd: "status" })))).map(
    (status) => status["lanes"],
  );
  for (const ports of lanes)
    check("each peer has its lanes", Array.isArray(ports) && ports.length === LANES, ports);
  const { addr } = await attic.ask({ cmd: "status" });
  await cellar.ask({ cmd: "connect", addr });
  await cellar.ask({ cmd: "wait-peers", count: 1, timeout_ms: DEADLINE_MS });
  await cellar.ask({ cmd: "download", game_id: GAME });
  const { data } = await cellar.event("download-finished");
  check(
    "the bytes came from the other peer",
    Object.keys((data?.["sources"] as object | undefined) ?? {}).length === 1,
    data,
  );
  await cellar.event("install-finished");
  const [from, to] = ["attic", "cellar"].map((name) => `/tmp/${name}/games/${GAME}`);
  check("the archive is the same at both", digest(`${from}/${GAME}.eti`) === digest(`${to}/${GAME}.eti`));
  check(
    "the archive is RAR 5",
    readFileSync(`${from}/${GAME}.eti`).subarray(0, 8).equals(Buffer.from("Rar!\x1a\x07\x01\0", "latin1")),
  );
  // The source installs its own copy: what came over the network has to unpack to the same files.
  await attic.ask({ cmd: "install", game_id: GAME });
  await attic.event("install-finished");
  const installed = readdirSync(`${from}/local`, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  check("the game has several files", installed.length >= 3, installed);
  for (const { parentPath, name } of installed) {
    const own = `${parentPath}/${name}`;
    check(`${name} is the same at both`, digest(own) === digest(own.replace("/attic/", "/cellar/")));
  }
  for (const { running } of [attic, cellar]) {
    check(
      "the lanes were used",
      !/lane of a source cannot be used|one lane less|a lane failed/u.test(running.errors()),
      running.errors(),
    );
  }
  shown(`download over lanes ${JSON.stringify(lanes)}, install of ${installed.length} files`);
  for (const { running } of [attic, cellar]) {
    running.child.stdin.end();
    check("a harness ends with 0", (await running.ended()) === 0, running.errors());
  }
}

interface Answer {
  readonly status: number;
  readonly cookie: string;
  readonly text: string;
}

function get(address: URL, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(address, { headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          cookie: response.headers["set-cookie"]?.[0] ?? "",
          text,
        }),
      );
    });
    // A socket is no answer with a body.
    asked.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, cookie: "", text: "" });
    });
    asked.on("error", reject);
    asked.end();
  });
}

async function desktop(): Promise<void> {
  const app = start(
    "desktop",
    "--no-window",
    "--state-dir",
    "/tmp/app",
    "--interface",
    "127.0.0.1",
    "--party",
    "smoke",
  );
  const printed = await until(
    `the app's address, after\n${app.errors()}`,
    () => /http:\S+token=[\w-]+/u.exec(app.errors())?.[0],
  );
  const address = new URL(printed);
  const page = new URL("/", address);
  const entered = await get(address);
  check("the address is answered with a cookie", entered.status === 303, entered);
  check(
    "only this page's requests carry it, and no script reads it",
    /; HttpOnly; SameSite=Strict$/u.test(entered.cookie),
    entered.cookie,
  );
  const cookie = entered.cookie.split(";")[0] ?? "";
  check("the address is good once", (await get(address)).status === 401);
  check("who has no cookie gets nothing", (await get(page)).status === 401);
  check("another host's name is refused", (await get(page, { cookie, host: "evil.example" })).status === 403);
  check(
    "another page is refused",
    (await get(page, { cookie, origin: "http://evil.example" })).status === 403,
  );
  const answer = await get(page, { cookie });
  check(
    "the page is served",
    answer.status === 200 && answer.text.includes("<title>lanspread</title>"),
    answer,
  );
  const parts = [...answer.text.matchAll(/(?:src|href)="(\/[^"]+)"/gu)].map((match) => match[1] ?? "");
  check("the page has parts", parts.length >= 2, parts);
  for (const part of parts)
    check(`${part} is served`, (await get(new URL(part, page), { cookie })).status === 200);
  const upgrade = {
    ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
    "sec-websocket-key": Buffer.alloc(16, 1).toString("base64"),
  };
  const socket = new URL("/socket", page);
  check(
    "the page's socket opens",
    (await get(socket, { ...upgrade, cookie, origin: page.origin })).status === 101,
  );
  check(
    "another page's socket does not",
    (await get(socket, { ...upgrade, cookie, origin: "http://evil.example" })).status === 403,
  );
  app.child.kill("SIGTERM");
  check("the app ends with 0", (await app.ended()) === 0, app.errors());
  shown(`desktop: page and ${parts.length} parts`);
}

try {
  check("no other Node.js is here", process.execPath.startsWith("/opt/"), process.execPath);
  shown(`version: ${await finished("--version")}`);
  const help = await finished("--help");
  check("help lists the commands", /\bserve\b[\s\S]*\bdesktop\b/u.test(help), help);
  shown(`help: ${help.split("\n").length} lines`);
  await downloadAndInstall();
  await desktop();
  rmSync("/tmp/attic", { recursive: true });
  shown("all is well");
} finally {
  for (const child of children) child.kill("SIGKILL");
}
