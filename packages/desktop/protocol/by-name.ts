interface Named {
  readonly name: string;
  readonly peerId: string;
}

/** "Player 10" comes behind "Player 9". */
const names = new Intl.Collator(undefined, { numeric: true });

/** The order in which people are listed, wherever they are: two of one name stay where they are. */
export function byName(a: Named, b: Named): number {
  return names.compare(a.name, b.name) || (a.peerId < b.peerId ? -1 : 1);
}
