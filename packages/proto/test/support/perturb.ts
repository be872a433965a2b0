/** Every single change of a message's structure that a strict schema must refuse. */
export interface Perturbation {
  readonly what: string;
  readonly value: unknown;
}

/** Fields that may be null. */
const NULLABLE = new Set(["content_id"]);

export function perturbations(message: unknown): Perturbation[] {
  return [...perturb(message, "message")];
}

function* perturb(value: unknown, place: string): Generator<Perturbation> {
  if (Array.isArray(value)) {
    for (const other of [null, {}, "list", { length: value.length }])
      yield { what: `${place} is no list`, value: other };
    for (const [index, item] of value.entries()) {
      for (const { what, value: changed } of perturb(item, `${place}[${index}]`)) {
        yield { what, value: value.with(index, changed) };
      }
    }
    return;
  }
  if (typeof value === "object" && value !== null) {
    for (const other of [null, [], "object", 1]) yield { what: `${place} is no object`, value: other };
    yield { what: `${place} has an extra field`, value: { ...value, extra: null } };
    for (const [key, field] of Object.entries(value)) {
      const { [key]: _, ...without } = value as Record<string, unknown>;
      yield { what: `${place}.${key} is missing`, value: without };
      yield { what: `${place}.${key} is misspelt`, value: { ...without, [`${key}_`]: field } };
      for (const { what, value: changed } of perturb(field, `${place}.${key}`)) {
        if (changed === null && NULLABLE.has(key)) continue;
        yield { what, value: { ...value, [key]: changed } };
      }
    }
    return;
  }
  for (const other of wrongLeaves(value))
    yield { what: `${place} is ${JSON.stringify(other)}`, value: other };
}

function wrongLeaves(leaf: unknown): unknown[] {
  if (typeof leaf === "string") return [0, true, null, [leaf], {}];
  if (typeof leaf === "number") return [String(leaf), 0.5, 2 ** 53, -(2 ** 53), true, null, [leaf]];
  if (typeof leaf === "boolean") return [0, 1, String(leaf), null, []];
  // null: only content_id may be
  return [0, false, "", "null", []];
}
