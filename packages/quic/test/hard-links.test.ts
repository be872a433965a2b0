import { eventually, seededBytes } from "@lanspread/testkit";
import { describe, expect, test } from "vitest";
import { LINKS, type Link, simulatedLink } from "./support/links.ts";
import { ALPN, ask, connectPair, echo, sha256, testParty } from "./support/pair.ts";

/** Both directions at once, on several streams, then an orderly end. */
async function transferBothWays(link: Link, bytes: number): Promise<{ readonly lost: number }> {
  const { near, far } = await connectPair(link);
  echo(far);
  echo(near);
  const contents = Array.from({ length: 4 }, (_, i) => seededBytes(i, bytes / 4 + i));
  const answers = await Promise.all([
    ...contents.map((content) => ask(near, content)),
    ...contents.map((content) => ask(far, content)),
  ]);
  expect(answers.map(sha256)).toEqual([...contents, ...contents].map(sha256));
  const lost = near.stats().packetsLost + far.stats().packetsLost;
  near.close(1);
  expect(await far.closed).toMatchObject({ code: 1 });
  return { lost };
}

describe.each(LINKS)("a hard way over $name", ({ open }) => {
  test("5 % of the datagrams are lost, both ways, from the first on", async () => {
    await using link = open();
    link.trouble.lossRate = 0.05;
    // Small datagrams, so that many are lost.
    link.trouble.maxBytes = 1_452;
    const { near, far } = await connectPair(link, {
      client: { maxDatagramBytes: 1_452 },
      server: { maxDatagramBytes: 1_452 },
    });
    echo(far);
    const contents = Array.from({ length: 4 }, (_, i) => seededBytes(i, 500_000 + i));
    const answers = await Promise.all(contents.map((content) => ask(near, content)));
    expect(answers.map(sha256)).toEqual(contents.map(sha256));
    expect(near.stats().packetsLost).toBeGreaterThan(0);
    expect(far.stats().packetsLost).toBeGreaterThan(0);
  });

  test("5 % are lost, and hundreds of small exchanges still come to their end", async () => {
    await using link = open();
    const small = { maxDatagramBytes: 1_452 };
    const { near, far } = await connectPair(link, { client: small, server: small });
    echo(far); // says the end when it hears of ours, which may be long after the last byte
    link.trouble.lossRate = 0.05;
    const bytes = seededBytes(1, 3_000);
    const askOften = async () => {
      for (let i = 0; i < 25; i++) expect((await ask(near, bytes)).equals(bytes)).toBe(true);
    };
    await Promise.all(Array.from({ length: 8 }, askOften));
    link.trouble.lossRate = 0;
    await eventually(() => near.stats().openStreams === 0 && far.stats().openStreams === 0);
  });

  test("a fifth of the datagrams is overtaken by the next one", async () => {
    await using link = open();
    link.trouble.reorderRate = 0.2;
    await transferBothWays(link, 2_000_000);
  });

  test("nothing over 1,200 bytes gets through", async () => {
    await using link = open();
    link.trouble.maxBytes = 1_200;
    const { near, far } = await connectPair(link, {
      client: { maxDatagramBytes: 1_200 },
      server: { maxDatagramBytes: 1_200 },
    });
    echo(far);
    const bytes = seededBytes(1, 2_000_000);
    expect(sha256(await ask(near, bytes))).toBe(sha256(bytes));
  });

  test("the smaller datagram of two sides counts for both", async () => {
    await using link = open();
    const { near, far } = await connectPair(link, { client: { maxDatagramBytes: 1_280 } });
    echo(far);
    await ask(near, seededBytes(1, 100_000));
    expect(near.stats().datagramBytes).toBeLessThanOrEqual(1_280);
    expect(far.stats().datagramBytes).toBeLessThanOrEqual(1_280);
  });

  test("the link is down for a moment", async () => {
    await using link = open();
    const { client, near, far } = await connectPair(link);
    echo(far);
    const bytes = seededBytes(1, 3_000_000);
    const answer = ask(near, bytes);
    await ask(near, Uint8Array.of(1));
    link.trouble.cut = true;
    const { datagramsSent } = client.stats();
    await eventually(() => client.stats().datagramsSent > datagramsSent + 2); // asked in vain
    link.trouble.cut = false;
    expect(sha256(await answer)).toBe(sha256(bytes));
  });
});

test("link-local addresses of IPv6 with their scope", async () => {
  await using link = simulatedLink();
  const party = await testParty();
  const [server, client] = await Promise.all(
    ["fe80::1%eth0", "fe80::2%eth0"].map(async (host) =>
      link.endpointAt({ host, port: 0 }, { tls: await party.member(), alpn: ALPN }),
    ),
  );
  server?.onConnection(echo);
  const connection = await client?.dial(server?.address ?? { host: "", port: 0 });
  expect(connection && (await ask(connection, Uint8Array.of(6)))).toEqual(Buffer.of(6));
});

test("datagrams that arrive late, twice and out of order on a simulated link of 20 ms", async () => {
  await using link = simulatedLink({ latencyMs: 20, reorderRate: 0.3, duplicateRate: 0.1, lossRate: 0.02 });
  await transferBothWays(link, 1_000_000);
});
