import { contentId, type Manifest, type PeerId } from "@lanspread/proto";
import { NEXT_ASKED_MS } from "./constants.ts";

/** What a game consists of. */
export interface Content {
  readonly manifest: Manifest;
  /** Checked against the manifest's content_id; null where nobody knows it. */
  readonly digests: Uint8Array | null;
}

export interface Proof {
  readonly content: Content | null;
  /** Peers whose digests are not those of the content_id that they name, and what they did. */
  readonly liars: ReadonlyMap<PeerId, string>;
  /** Peers whose digests did not come, and why. */
  readonly silent: ReadonlyMap<PeerId, string>;
}

export interface ProveGroupOptions<Member extends { readonly peerId: PeerId }> {
  /** The peers of one group of a vote. */
  readonly members: readonly Member[];
  readonly manifests: ReadonlyMap<PeerId, Manifest>;
  /** Gets the digests of a member; null where the amount is wrong. Ends at its signal. */
  readonly ask: (member: Member, manifest: Manifest, signal: AbortSignal) => Promise<Uint8Array | null>;
  readonly messageOf: (error: unknown) => string;
  readonly signal?: AbortSignal;
}

/**
 * Gets the digests from the first member of a group that has the right ones. The next member is asked when one has failed,
 * or is silent for {@link NEXT_ASKED_MS}: any number of those who do not answer cost one answer's time together.
 *
 * Never rejects; nobody is being asked any more when it ends. Where it was cancelled, its result says nothing.
 */
export async function proveGroup<Member extends { readonly peerId: PeerId }>({
  members,
  manifests,
  ask,
  messageOf,
  signal,
}: ProveGroupOptions<Member>): Promise<Proof> {
  const liars = new Map<PeerId, string>();
  const silent = new Map<PeerId, string>();
  const unhashed = members
    .map(({ peerId }) => manifests.get(peerId))
    .find((said) => said?.content_id === null);
  const knowing = members.flatMap((member) => {
    const manifest = manifests.get(member.peerId);
    return manifest === undefined || manifest.content_id === null ? [] : [{ member, manifest }];
  });
  if (knowing.length === 0) {
    return { content: unhashed === undefined ? null : { manifest: unhashed, digests: null }, liars, silent };
  }
  const enough = new AbortController();
  const either = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  let content: Content | null = null;
  const askOne = async ({
    member: { peerId },
    member,
    manifest,
  }: (typeof knowing)[number]): Promise<void> => {
    try {
      const digests = await ask(member, manifest, either);
      if (digests === null || contentId(manifest.manifest_hash, digests) !== manifest.content_id) {
        liars.set(peerId, "has other digests than its content_id says");
      } else {
        content ??= { manifest, digests };
        enough.abort();
      }
    } catch (error) {
      if (!either.aborted) silent.set(peerId, messageOf(error));
    }
  };
  const waiting = [...knowing];
  const running = new Set<Promise<void>>();
  const askNext = (): void => {
    const next = either.aborted ? undefined : waiting.shift();
    if (next === undefined) return;
    const late = setTimeout(askNext, NEXT_ASKED_MS);
    const asked = askOne(next).finally(() => {
      clearTimeout(late);
      running.delete(asked);
      askNext();
    });
    running.add(asked);
  };
  askNext();
  while (running.size > 0) await Promise.race(running);
  return { content, liars, silent };
}
