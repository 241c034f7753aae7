/** A line that reads like a version, in a text that is not understood. */
export interface Sighting {
  /** 1-based in the text. */
  line: number;
  text: string;
}

const fields =
  /^\s*(?:-\s+)?["']?(image|\w*Image|newTag|newName|digest|tag|targetRevision|chartVersion|version|semver)["']?\s*:\s*["']?([^\s"'#][^#]*)/;
const versions = /^(?:image|\w*Image|newTag|newName|targetRevision|chartVersion)$/;
const remote = /[?&](?:ref|version)=[^\s"'&]+/;
const number = /\d/;

/** The lines of a text that read like versions, by how they are written; comments are left out. */
export function scanText(text: string): Sighting[] {
  const found: Sighting[] = [];
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (/^\s*#/.test(line)) continue;
    const field = fields.exec(line);
    const [, key = "", value = ""] = field ?? [];
    const hit = (field && (versions.test(key) || number.test(value))) || remote.test(line);
    if (hit) found.push({ line: index + 1, text: line.trim() });
  }
  return found;
}
