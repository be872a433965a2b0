import type { HarnessCommandInput, RuntimeCommand } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";

/**
 * A command of the runtime as a line of the control socket says it.
 *
 * @throws PeerError `bad-request` for the one that the lines do not have
 */
export function toHarnessCommand(command: RuntimeCommand): HarnessCommandInput {
  switch (command.type) {
    case "status":
    case "list-games":
    case "list-peers":
      return { cmd: command.type };
    case "get-peer-count":
      return { cmd: "list-peers" };
    case "get-game":
      return { cmd: "get-game", game_id: command.gameId };
    case "fetch-latest-from-peers":
      throw new PeerError("bad-request", `${command.type} is not offered at the control socket`);
    case "download-game-files":
      return {
        cmd: "download",
        game_id: command.gameId,
        ...(command.install === undefined ? {} : { install: command.install }),
        ...(command.latest === undefined ? {} : { latest: command.latest }),
      };
    case "install-game":
      return { cmd: "install", game_id: command.gameId };
    case "stream-install-game":
      return { cmd: "stream-install", game_id: command.gameId };
    case "uninstall-game":
      return { cmd: "uninstall", game_id: command.gameId };
    case "remove-downloaded-game":
      return { cmd: "remove-download", game_id: command.gameId };
    case "cancel-download":
      return { cmd: "cancel-download", game_id: command.gameId };
    case "set-game-dir":
      return { cmd: "set-game-dir", path: command.path };
    case "connect":
      return { cmd: "connect", addr: command.addr };
  }
}
