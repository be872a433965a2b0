import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { CatalogEntry, Logger } from "@lanspread/peer";
import { MAX_COVER_BYTES, SNIFFED_BYTES } from "./constants.ts";
import { type PictureType, pictureTypeOf } from "./picture-type.ts";

/** Never through a link at the end of the path, never waiting for the other end of a pipe. Windows knows neither. */
const READ_SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A picture of the catalog. */
export interface Cover {
  readonly type: PictureType;
  readonly bytes: Buffer;
  /** Changes with the file (RFC 9110, 8.8.3). */
  readonly etag: string;
}

/** Where pages find the picture of a game. */
const COVERS = "/covers/";

/**
 * Pictures that the catalog names. They are asked for by the id of a game: no path comes from a page. The catalog's paths
 * were checked when it was read; here the disk is: what leads out of the catalog's directory, is no file, too large or no
 * picture is not shown, and the page draws a cover of its own.
 */
export class Covers {
  readonly #directory: string;
  readonly #paths: ReadonlyMap<string, string>;
  readonly #logger: Logger;

  private constructor(directory: string, paths: ReadonlyMap<string, string>, logger: Logger) {
    this.#directory = directory;
    this.#paths = paths;
    this.#logger = logger;
  }

  /** @param catalogFile the path of the catalog; undefined where there is none */
  static of(catalogFile: string | undefined, entries: readonly CatalogEntry[], logger: Logger): Covers {
    const paths = entries.flatMap(({ id, thumbnail }) =>
      thumbnail === undefined ? [] : [[id, thumbnail] as const],
    );
    return new Covers(dirname(resolve(catalogFile ?? ".")), new Map(paths), logger);
  }

  /** Whether an address of the page is one of a picture: its answer is {@link read}. */
  static isCover(path: string): boolean {
    return path.startsWith(COVERS);
  }

  /** The picture at an address of the page; null where there is none that may be shown. Never rejects. */
  async read(address: string): Promise<Cover | null> {
    const id = address.slice(COVERS.length);
    const path = this.#paths.get(id);
    if (path === undefined) return null;
    try {
      return await this.#load(path);
    } catch (error) {
      this.#logger.warn("the catalog's picture of a game cannot be shown", { game: id, path, error });
      return null;
    }
  }

  async #load(path: string): Promise<Cover> {
    const directory = await realpath(this.#directory);
    const file = await realpath(join(directory, path));
    if (!file.startsWith(directory.endsWith(sep) ? directory : directory + sep))
      throw new RangeError("it is outside of the catalog's directory");
    await using opened = await open(file, READ_SAFELY);
    const stats = await opened.stat();
    const { size, mtimeMs } = stats;
    if (!stats.isFile()) throw new RangeError("it is no file");
    if (size > MAX_COVER_BYTES) throw new RangeError(`more than ${MAX_COVER_BYTES} bytes are too many`);
    const bytes = await opened.readFile();
    const type = pictureTypeOf(bytes.subarray(0, SNIFFED_BYTES));
    if (type === null) throw new RangeError("it is no PNG, JPEG, WebP, AVIF or GIF");
    return { type, bytes, etag: `"${size.toString(36)}-${mtimeMs.toString(36)}"` };
  }
}
