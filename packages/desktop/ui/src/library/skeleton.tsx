import "./library.css";

/** Cards of the outline: enough for a large window. */
const CARDS = 24;

/** The outline of the library while nothing is known yet. */
export function LibrarySkeleton() {
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: CARDS }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <div key={at}>
          <span />
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}
