import type { IncompatiblePeer, ListedPeer, PeerId } from "@lanspread/proto";
import { useMemo } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { formatRate, formatTime } from "../shared/format.ts";
import { Avatar } from "./avatar.tsx";
import { type Rates, ratesByPeer, transfersOf } from "./transfers-of.ts";

const NOBODY: readonly never[] = [];
const NOTHING = {};

export interface PeopleProps {
  /** When they came, milliseconds since 1970, by peer id. */
  readonly since: ReadonlyMap<PeerId, number>;
}

/** Who is here, the own one first, and who cannot join. */
export function People({ since }: PeopleProps) {
  const { t } = useTexts();
  const status = usePageState((state) => state.snapshot?.status);
  const peers = usePageState((state) => state.snapshot?.peers ?? NOBODY);
  const games = usePageState((state) => state.snapshot?.games ?? NOBODY);
  const met = usePageState((state) => state.snapshot?.incompatible ?? NOBODY);
  // Who is here can join, whatever an announcement said meanwhile.
  const progress = usePageState((state) => state.snapshot?.progress ?? NOTHING);
  const outbound = usePageState((state) => state.snapshot?.outbound ?? NOBODY);
  const rates = useMemo(() => ratesByPeer(transfersOf(progress, outbound)), [progress, outbound]);
  const incompatible = met.filter(({ peerId }) => !peers.some((peer) => peer.peerId === peerId));
  const own = useMemo(() => games.filter(({ downloaded }) => downloaded).length, [games]);
  return (
    <section aria-labelledby="people">
      <h2 id="people">{t("party.people")}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys. */}
      <ul className="people" tabIndex={0} aria-labelledby="people">
        {status !== undefined && (
          <li className="person own">
            <Avatar id={status.peerId} name={status.name} />
            <Facts name={status.name} addr={status.addr} details={[gamesText(own, t)]} isOwn />
          </li>
        )}
        {peers.map((peer) => (
          <Person
            key={peer.peerId}
            peer={peer}
            since={since.get(peer.peerId)}
            rates={rates.get(peer.peerId)}
          />
        ))}
      </ul>
      {peers.length === 0 && <p className="quiet">{t("party.alone")}</p>}
      {incompatible.length > 0 && <Incompatible peers={incompatible} />}
    </section>
  );
}

interface PersonProps {
  readonly peer: ListedPeer;
  readonly since: number | undefined;
  readonly rates: Rates | undefined;
}

function Person({ peer, since, rates }: PersonProps) {
  const { language, t } = useTexts();
  const { peerId, name, addr, gameCount } = peer;
  const details = [gamesText(gameCount, t)];
  if (since !== undefined) details.push(t("party.since", { time: formatTime(since, language) }));
  return (
    <li className="person">
      <Avatar id={peerId} name={name} />
      <div>
        <Facts name={name} addr={addr} details={details} />
        {rates !== undefined && <PersonRates rates={rates} />}
      </div>
    </li>
  );
}

function PersonRates({ rates }: { readonly rates: Rates }) {
  const { language, t } = useTexts();
  return (
    <p className="rates">
      {rates.in > 0 && (
        <span className="in">↓ {t("party.gives-you", { rate: formatRate(rates.in, language) })}</span>
      )}
      {rates.out > 0 && (
        <span className="out">↑ {t("party.gets", { rate: formatRate(rates.out, language) })}</span>
      )}
    </p>
  );
}

interface FactsProps {
  readonly name: string;
  readonly addr: string;
  readonly details: readonly string[];
  readonly isOwn?: boolean;
}

function Facts({ name, addr, details, isOwn = false }: FactsProps) {
  const { t } = useTexts();
  return (
    <div className="person-facts">
      <h3 title={name}>
        <span className="person-name" dir="auto">
          {name}
        </span>
        {isOwn && <span className="tag">{t("party.you")}</span>}
      </h3>
      <p>{details.join(" · ")}</p>
      <p className="address">{addr}</p>
    </div>
  );
}

function Incompatible({ peers }: { readonly peers: readonly IncompatiblePeer[] }) {
  const { t } = useTexts();
  return (
    <>
      <h3 className="incompatible-title" id="incompatible">
        {t("party.incompatible")}
      </h3>
      <ul className="incompatible" aria-labelledby="incompatible">
        {peers.map(({ peerId, addr, reason }) => (
          <li key={peerId}>
            <strong>{addr}</strong> <span>{reason}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function gamesText(count: number, t: ReturnType<typeof useTexts>["t"]): string {
  return count === 1 ? t("party.games.one") : t("party.games.many", { count });
}
