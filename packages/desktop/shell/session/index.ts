/** Everything that has the peer and its libraries in it: loaded behind the first window. */
export { servePage } from "./page-session.ts";
export { PeerHost } from "./peer-host.ts";
