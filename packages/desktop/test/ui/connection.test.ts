import { describe, expect, it, vi } from "vitest";
import type { ShellMessage } from "../../protocol/messages.ts";
import { Connection, type Socket } from "../../ui/src/connection/connection.ts";

class TestSocket implements Socket {
  readonly sent: { readonly id: number }[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as { readonly id: number });
  }

  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  hear(message: ShellMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

/** Looks of the pulse at the other end until it counts as silent, and a little more, milliseconds. */
const SILENCE_MS = 10_500;

function createRig() {
  const sockets: TestSocket[] = [];
  const heard: string[] = [];
  const connection = new Connection({
    open: () => {
      const socket = new TestSocket();
      sockets.push(socket);
      return socket;
    },
    onMessage: ({ type }) => heard.push(type),
    onStateChange: (isConnected) => heard.push(isConnected ? "connected" : "lost"),
  });
  return { sockets, heard, connection };
}

const ASKED = { type: "command", command: { type: "status" } } as const;
const SNAPSHOT = { type: "snapshot", snapshot: {} } as unknown as ShellMessage;

describe("the page's connection", () => {
  it("gives each answer to who asked, in any order", async () => {
    const { sockets, heard, connection } = createRig();
    const [socket] = sockets;
    socket?.open();
    socket?.hear(SNAPSHOT);
    expect(heard).toEqual(["connected", "snapshot"]);
    const [one, other] = [connection.ask(ASKED), connection.ask(ASKED)];
    const [first = 0, second = 0] = socket?.sent.map(({ id }) => id) ?? [];
    socket?.hear({ type: "answer", id: second, data: "second" });
    socket?.hear({ type: "refusal", id: first, refusal: { code: "busy", message: "later", hint: "wait" } });
    socket?.hear({ type: "answer", id: 99, data: "nobody asked" });
    await expect(other).resolves.toBe("second");
    await expect(one).rejects.toMatchObject({ code: "busy", message: "later", hint: "wait" });
  });

  it("refuses what cannot be asked, and what is lost on its way", async () => {
    const { sockets, connection } = createRig();
    await expect(connection.ask(ASKED)).rejects.toMatchObject({ code: "connection-lost" });
    sockets[0]?.open();
    const asked = connection.ask(ASKED);
    connection.close();
    await expect(asked).rejects.toMatchObject({ code: "connection-lost" });
  });

  it("sends nothing on a connection that is being closed, and says so at once", async () => {
    const { sockets, connection } = createRig();
    const [socket] = sockets;
    socket?.open();
    if (socket !== undefined) socket.readyState = 2;
    await expect(connection.ask(ASKED)).rejects.toMatchObject({ code: "connection-lost" });
    expect(socket?.sent).toEqual([]);
  });

  it("notices that nobody answers, asks for nothing then, and goes on when somebody does", async () => {
    vi.useFakeTimers();
    try {
      const { sockets, heard, connection } = createRig();
      const [socket] = sockets;
      const answer = (): void => {
        const { id = 0 } = socket?.sent.at(-1) ?? {};
        socket?.hear({ type: "answer", id, data: null });
      };
      // Nothing is said before a snapshot: the peer may take its time to start.
      socket?.open();
      vi.advanceTimersByTime(SILENCE_MS);
      expect(socket?.sent).toEqual([]);
      socket?.hear(SNAPSHOT);
      for (let looks = 0; looks < 20; looks += 1) {
        vi.advanceTimersByTime(2_000);
        answer();
      }
      expect(socket?.sent).toHaveLength(20);
      expect(socket?.sent.at(-1)).toMatchObject({ type: "alive" });
      expect(heard).toEqual(["connected", "snapshot"]);

      vi.advanceTimersByTime(SILENCE_MS);
      expect(heard).toEqual(["connected", "snapshot", "lost"]);
      expect(socket?.sent).toHaveLength(21);
      await expect(connection.ask(ASKED)).rejects.toMatchObject({ code: "connection-lost" });
      vi.advanceTimersByTime(60_000);
      expect(socket?.sent).toHaveLength(21);
      expect(sockets).toHaveLength(1);

      answer();
      expect(heard).toEqual(["connected", "snapshot", "lost", "connected"]);
      const asked = connection.ask(ASKED);
      answer();
      await expect(asked).resolves.toBeNull();
      vi.advanceTimersByTime(SILENCE_MS);
      socket?.onclose?.();
      // Of the next connection nothing is expected before its snapshot, either.
      vi.advanceTimersByTime(250);
      sockets.at(-1)?.open();
      await expect(Promise.race([connection.ask(ASKED), "asked"])).resolves.toBe("asked");
      vi.advanceTimersByTime(SILENCE_MS);
      expect(heard.filter((what) => what === "lost")).toHaveLength(3);
      connection.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it("comes back by itself, after pauses that grow and begin anew", () => {
    vi.useFakeTimers();
    try {
      const { sockets, heard, connection } = createRig();
      for (const [at, pause] of [250, 500, 1_000, 2_000, 4_000, 4_000].entries()) {
        sockets.at(-1)?.onclose?.();
        vi.advanceTimersByTime(pause - 1);
        expect(sockets).toHaveLength(at + 1);
        vi.advanceTimersByTime(1);
        expect(sockets).toHaveLength(at + 2);
      }
      sockets.at(-1)?.open();
      sockets.at(-1)?.hear(SNAPSHOT);
      sockets.at(-1)?.onclose?.();
      vi.advanceTimersByTime(250);
      expect(sockets).toHaveLength(8);
      expect(heard.slice(-3)).toEqual(["connected", "snapshot", "lost"]);
      connection.close();
      vi.advanceTimersByTime(60_000);
      expect(sockets).toHaveLength(8);
    } finally {
      vi.useRealTimers();
    }
  });
});
