import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { parentIsDone, say, settings } from "../../child.ts";
import type { FileServerSettings, Listening } from "../messages.ts";

// One file over plain HTTP, with ranges, for downloaders from elsewhere.

/** Bytes read and handed on at once. */
const READ_BYTES = 256 * 1024;

const { host, file } = settings<FileServerSettings>();
const { size } = await stat(file);
const server = createServer((request, response) => {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const end = to === undefined || to === "" ? size - 1 : Number(to);
  response.writeHead(from === undefined ? 200 : 206, {
    "accept-ranges": "bytes",
    "content-length": end - start + 1,
    ...(from === undefined ? {} : { "content-range": `bytes ${start}-${end}/${size}` }),
  });
  if (request.method === "HEAD") response.end();
  else
    void pipeline(createReadStream(file, { start, end, highWaterMark: READ_BYTES }), response).catch(() => {
      // The client has gone: it says so itself.
    });
});
server.listen(0, host, () => {
  const { port } = server.address() as AddressInfo;
  say({ addr: `${host}:${port}` } satisfies Listening);
});
await parentIsDone();
server.closeAllConnections();
server.close();
