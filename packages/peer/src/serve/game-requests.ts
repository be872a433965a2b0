import type { GetGame, GetGameFileChunk, GetGameFileData, GetPieceHashes } from "@lanspread/proto";
import type { ServeRequest } from "./gate.ts";

/** Requests about one game: they are registered as transfers of it and pass the serving gate. */
export type GameRequest = GetGame | GetPieceHashes | GetGameFileData | GetGameFileChunk;

/** What the serving gate is asked. */
export function serveRequestOf(request: GameRequest): ServeRequest {
  const gameId = request.game_id;
  switch (request.type) {
    case "get_game":
      return { gameId };
    case "get_piece_hashes":
      return { gameId, manifestHash: request.manifest_hash };
    case "get_game_file_data":
      return { gameId, manifestHash: request.manifest_hash, path: request.path };
    case "get_game_file_chunk":
      return {
        gameId,
        manifestHash: request.manifest_hash,
        path: request.path,
        range: { offset: request.offset, length: request.length },
      };
  }
}
