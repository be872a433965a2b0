import { createSocket, type Socket } from "node:dgram";
import { createDatagramDecoder, encodeDatagram } from "./relay-frames.ts";

// One end of a relay: `node relay-half.ts FACE PARTNER LOSS PORT…`. Stands in one LAN at the address FACE of a host of the other LAN,
// with that host's ports, for the host PARTNER of this LAN. What arrives goes out by stdout, what comes by stdin is sent to PARTNER; of
// both ends together each datagram passes one lottery, when it arrives. SIGUSR2 asks how many those were: `{"seen":…,"lost":…}` on stderr.

/** Bursts of some hundred datagrams must not be lost by anybody but the lottery. */
const BUFFER_BYTES = 8 * 1_048_576;

const [face = "", partner = "", lossText, ...ports] = process.argv.slice(2);
const loss = Number(lossText);
/** Datagrams that have arrived, and those of them that have lost in the lottery. */
let seen = 0;
let lost = 0;
const sockets = new Map<number, Promise<Socket>>();

/** The socket that stands for a port of the host whose face this is. */
function socketAt(port: number): Promise<Socket> {
  const known = sockets.get(port);
  if (known !== undefined) return known;
  const opening = new Promise<Socket>((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", reject);
    socket.on("message", (payload, from) => {
      seen += 1;
      if (Math.random() < loss) {
        lost += 1;
        return;
      }
      process.stdout.write(encodeDatagram({ fromPort: from.port, toPort: port, payload }));
    });
    socket.bind(port, face, () => {
      socket.setRecvBufferSize(BUFFER_BYTES);
      socket.setSendBufferSize(BUFFER_BYTES);
      resolve(socket);
    });
  });
  sockets.set(port, opening);
  return opening;
}

await Promise.all(ports.map((port) => socketAt(Number(port))));
process.on("SIGUSR2", () => process.stderr.write(`${JSON.stringify({ seen, lost })}\n`));
process.stderr.write("ready\n");
const decode = createDatagramDecoder(({ fromPort, toPort, payload }) => {
  void socketAt(fromPort).then((socket) => socket.send(payload, toPort, partner));
});
process.stdin.on("data", decode);
process.stdin.on("end", () => process.exit(0));
