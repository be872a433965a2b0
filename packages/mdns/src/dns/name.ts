/**
 * Domain names as text: labels joined by dots, with `.` and `\` inside a label escaped by `\` (RFC 1035
 * section 5.1), since an instance name may hold any character (RFC 6763 section 4.3). Comparison ignores the
 * case of ASCII letters only.
 */

export function joinLabels(labels: readonly string[]): string {
  return labels.map((label) => label.replace(/[.\\]/g, "\\$&")).join(".");
}

/** The labels of a name, unescaped. A dot at the very end is the root and adds none. */
export function splitName(name: string): string[] {
  const labels: string[] = [];
  let label = "";
  let started = false;
  for (let at = 0; at < name.length; at++) {
    const char = name.charAt(at);
    if (char === ".") {
      labels.push(label);
      label = "";
      started = false;
      continue;
    }
    if (char === "\\" && at + 1 < name.length) at++;
    label += name.charAt(at);
    started = true;
  }
  if (started) labels.push(label);
  return labels;
}

/** The form under which two names are the same name. */
export function nameKey(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

export function sameName(one: string, other: string): boolean {
  return one === other || nameKey(one) === nameKey(other);
}

/** `instance` under `type` as one name. */
export function instanceName(instance: string, type: string): string {
  return `${joinLabels([instance])}.${type}`;
}

/** The instance in a name under `type`, unescaped; null where the name is something else. */
export function instanceOf(name: string, type: string): string | null {
  const head = name.slice(0, -type.length - 1);
  if (!sameName(name.slice(head.length), `.${type}`)) return null;
  // One label: a dot in it is escaped, and no escape is left open at its end.
  return /^(?:[^.\\]|\\.)+$/s.test(head) ? head.replace(/\\(.)/gs, "$1") : null;
}
