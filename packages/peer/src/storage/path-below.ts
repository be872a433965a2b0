import { join, sep } from "node:path";

/**
 * The absolute path of what lies below a root.
 *
 * `join` looks at every character of both, and for a small file that cost more than opening it: this is for paths that are known to need
 * no cleaning, and come by the thousand.
 *
 * @param root absolute, as `join` or `realpath` gives it
 * @param inside relative, with `/` between components, of which none is empty, `.` or `..`: paths of a manifest are so
 */
export function pathBelow(root: string, inside: string): string {
  return sep === "/" ? `${root}/${inside}` : join(root, inside);
}
