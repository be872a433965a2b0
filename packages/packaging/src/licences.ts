/** Something that an archive has of somebody else. */
export interface Work {
  readonly name: string;
  readonly version: string;
  /** The name of its licence, as it says it itself (SPDX). */
  readonly licence: string;
  /** Texts that come with it. */
  readonly texts: readonly string[];
}

const RULE = "=".repeat(100);

/**
 * `THIRD-PARTY.txt`: whose work is in an archive, and every text about its licences. Works with the same texts share one section.
 */
export function thirdPartyText(works: readonly Work[]): string {
  const sorted = [...works].sort((a, b) => (label(a) < label(b) ? -1 : 1));
  const sections = new Map<string, Work[]>();
  for (const work of sorted) {
    const key = work.texts
      .map((text) => text.replaceAll("\r\n", "\n").trim())
      .join(`\n\n${"-".repeat(100)}\n\n`);
    sections.set(key, [...(sections.get(key) ?? []), work]);
  }
  const list = sorted.map((work) => `  ${label(work)}: ${work.licence}`).join("\n");
  const parts = [...sections].map(([text, owners]) => {
    const names = owners.map((work) => `${label(work)} (${work.licence})`).join("\n");
    return `${RULE}\n${names}\n${RULE}\n\n${text === "" ? "Comes with no other text about its licence than this name of it." : text}\n`;
  });
  return `This lanspread comes with the works of others:\n\n${list}\n\n${parts.join("\n")}`;
}

function label({ name, version }: Work): string {
  return version === "" ? name : `${name} ${version}`;
}
