import { type Logger, silentLogger } from "@lanspread/peer/base";
import { WebSocket } from "ws";
import type { PageRequest, ShellMessage } from "../../protocol/messages.ts";
import { SHELL_HOST } from "../constants.ts";
import { cookieNameOf } from "../door/check-request.ts";
import { loadDoor } from "../door/door-file.ts";
import { SOCKET_PATH } from "../web/web-server.ts";

/** Time that the running app has to show its window, milliseconds: it tries one way, then another. */
const ANSWER_MS = 10_000;

/**
 * Asks the app that runs with this state directory to show its window.
 *
 * @returns false where none runs, or it does not answer
 */
export async function askRunningApp(stateDir: string, logger: Logger = silentLogger): Promise<boolean> {
  const door = await loadDoor(stateDir, logger);
  if (door === null) return false;
  const host = `${SHELL_HOST}:${door.port}`;
  const socket = new WebSocket(`ws://${host}${SOCKET_PATH}`, {
    headers: { cookie: `${cookieNameOf(door.port)}=${door.session}`, origin: `http://${host}` },
    handshakeTimeout: ANSWER_MS,
  });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const late = setTimeout(() => resolve(false), ANSWER_MS);
  const request: PageRequest = { type: "show-window" };
  socket.on("open", () => socket.send(JSON.stringify({ ...request, id: 1 })));
  socket.on("message", (data) => {
    const message = JSON.parse(data.toString()) as ShellMessage;
    if (message.type === "answer" || message.type === "refusal") resolve(message.type === "answer");
  });
  socket.on("error", () => resolve(false));
  socket.on("close", () => resolve(false));
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    socket.terminate();
  }
}
