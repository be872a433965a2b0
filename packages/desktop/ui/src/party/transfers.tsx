import { useMemo } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { hrefOf } from "../app/route.ts";
import { formatRate } from "../shared/format.ts";
import { Avatar } from "./avatar.tsx";
import { type PartyTransfer, rateIn, rateOut, transfersOf } from "./transfers-of.ts";

const NOBODY: readonly never[] = [];
const NOTHING = {};

/** Who sends to whom now, as far as it can be known here: what comes to this computer, and what goes out of it. */
export function Transfers() {
  const { language, t } = useTexts();
  const progress = usePageState((state) => state.snapshot?.progress ?? NOTHING);
  const outbound = usePageState((state) => state.snapshot?.outbound ?? NOBODY);
  const transfers = useMemo(() => transfersOf(progress, outbound), [progress, outbound]);
  const fastest = Math.max(1, ...transfers.map(({ bytesPerSecond }) => bytesPerSecond));
  const total = rateIn(progress) + rateOut(outbound);
  return (
    <section aria-labelledby="transfers">
      <div className="section-head">
        <h2 id="transfers">{t("party.transfers")}</h2>
        {total > 0 && (
          <p className="total" title={t("party.rate-hint")}>
            {t("party.total")} <strong>{formatRate(total, language)}</strong>
          </p>
        )}
      </div>
      {transfers.length === 0 ? (
        <p className="quiet">{t("party.transfers-none")}</p>
      ) : (
        <ul className="transfers">
          {transfers.map((transfer) => (
            <Transfer
              key={`${transfer.direction} ${transfer.gameId} ${transfer.peerId}`}
              transfer={transfer}
              fastest={fastest}
            />
          ))}
        </ul>
      )}
      <p className="quiet">{t("party.transfers-hint")}</p>
    </section>
  );
}

interface TransferProps {
  readonly transfer: PartyTransfer;
  /** Bytes per second of the fastest one. */
  readonly fastest: number;
}

function Transfer({ transfer, fastest }: TransferProps) {
  const { language, t } = useTexts();
  const { direction, peerId, gameId, bytesPerSecond } = transfer;
  const name = usePageState((state) => state.snapshot?.peers.find((peer) => peer.peerId === peerId)?.name);
  const game = usePageState((state) => state.snapshot?.games.find(({ id }) => id === gameId)?.name);
  const you = usePageState((state) => state.snapshot?.status.peerId ?? "");
  const other = { id: peerId, name: name ?? peerId.slice(0, 8) };
  const own = { id: you, name: t("party.you") };
  const [from, to] = direction === "in" ? [other, own] : [own, other];
  return (
    <li className={`transfer ${direction}`}>
      <span className="who">
        <Avatar {...from} />
        <span className="name">{from.name}</span>
        <span className="only-read">{t("party.sends-to")}</span>
        <span className="arrow" aria-hidden="true">
          →
        </span>
        <Avatar {...to} />
        <span className="name">{to.name}</span>
      </span>
      <a href={hrefOf({ page: "game", gameId })}>{game ?? gameId}</a>
      <span className="rate">{formatRate(bytesPerSecond, language)}</span>
      <span className="share" aria-hidden="true">
        <span style={{ width: `${(bytesPerSecond / fastest) * 100}%` }} />
      </span>
    </li>
  );
}
