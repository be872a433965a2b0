import type { Cell } from "./grid-rows.ts";

const SIGNS: Readonly<Record<Cell["kind"], string>> = { newest: "●", older: "◐", none: "–", streamed: "▣" };

/** What somebody has, at a glance; what it means stands beside it. */
export function Sign({ kind }: { readonly kind: Cell["kind"] }) {
  return (
    <span className="sign" aria-hidden="true">
      {SIGNS[kind]}
    </span>
  );
}
