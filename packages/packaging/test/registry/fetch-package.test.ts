import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { temporaryDirectory } from "@lanspread/testkit";
import { packTar } from "modern-tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchPackage, integrityOf } from "../../src/registry/fetch-package.ts";

const NAME = "@lanspread-test/native";
const VERSION = "1.2.3";

/** A registry on this machine that has one package, and counts how often its archive is asked for. */
async function startRegistry(): Promise<
  AsyncDisposable & { url: string; bytes: Buffer; downloads: () => number }
> {
  const manifest = JSON.stringify({ name: NAME, version: VERSION });
  const entries = [
    { header: { name: "package/package.json", size: manifest.length }, body: manifest },
    { header: { name: "package/bin/node", size: 6, mode: 0o755 }, body: "native" },
  ];
  const bytes = gzipSync(await packTar(entries));
  let downloads = 0;
  const server = createServer((request, response) => {
    if (request.url?.endsWith(".tgz") === true) {
      downloads++;
      response.end(bytes);
      return;
    }
    const tarball = `${url}/native-${VERSION}.tgz`;
    const dist = { tarball, integrity: integrityOf(bytes) };
    const versions = { [VERSION]: { name: NAME, version: VERSION, dist } };
    response.end(JSON.stringify({ name: NAME, versions, "dist-tags": { latest: VERSION } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    bytes,
    downloads: () => downloads,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const before = { ...process.env };

beforeEach(() => {
  // The npm that started the tests is as good as that of the machine, and may not be there.
  delete process.env["npm_execpath"];
});

afterEach(() => {
  process.env = { ...before };
});

describe("fetchPackage", () => {
  it("unpacks what the pin says, once", async () => {
    await using registry = await startRegistry();
    await using place = await temporaryDirectory();
    Object.assign(process.env, { npm_config_registry: registry.url, npm_config_cache: place.join("npm") });
    const pin = { name: NAME, version: VERSION, integrity: integrityOf(registry.bytes), files: {} };
    const dir = await fetchPackage(pin, place.join("cache"));
    expect(await readFile(`${dir}/bin/node`, "utf8")).toBe("native");
    expect(await fetchPackage(pin, place.join("cache"))).toBe(dir);
    expect(registry.downloads()).toBe(1);
    expect(await readdir(place.join("cache"))).toHaveLength(1);
  });

  it("unpacks nothing else, whatever the registry says of it", async () => {
    await using registry = await startRegistry();
    await using place = await temporaryDirectory();
    Object.assign(process.env, { npm_config_registry: registry.url, npm_config_cache: place.join("npm") });
    const pin = { name: NAME, version: VERSION, integrity: integrityOf(Buffer.from("other")), files: {} };
    await expect(fetchPackage(pin, place.join("cache"))).rejects.toThrow("other bytes than is pinned");
    expect(await readdir(place.join("cache"))).toEqual([]);
  });

  it("names the package that the registry does not have", async () => {
    await using registry = await startRegistry();
    await using place = await temporaryDirectory();
    Object.assign(process.env, { npm_config_registry: registry.url, npm_config_cache: place.join("npm") });
    const pin = { name: NAME, version: "9.9.9", integrity: integrityOf(registry.bytes), files: {} };
    await expect(fetchPackage(pin, place.join("cache"))).rejects.toThrow(`cannot fetch ${NAME}@9.9.9`);
  });

  it("ends when it is asked to", async () => {
    await using place = await temporaryDirectory();
    await writeFile(place.join("file"), "");
    const pin = { name: NAME, version: VERSION, integrity: integrityOf(Buffer.from("")), files: {} };
    await expect(fetchPackage(pin, place.join("cache"), AbortSignal.abort())).rejects.toThrow();
    expect(await readdir(place.join("cache"))).toEqual([]);
  });
});
