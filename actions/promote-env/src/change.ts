import type { FileWrite } from "@gitops-actions/engine";
import {
  applyEdits,
  describeVersion,
  type Edit,
  type Move,
  type Plan,
  type Tree,
} from "@gitops-actions/fleet";

/** The files that plans write, from the texts of a tree. Sorted by path; two plans may edit one file. */
export async function filesOf(tree: Tree, plans: readonly Plan[]): Promise<FileWrite[]> {
  const edits = new Map<string, Edit[]>();
  const files = new Map<string, FileWrite>();
  for (const move of plans.flatMap((plan) => plan.moves)) {
    for (const edit of move.edits) edits.set(edit.path, [...(edits.get(edit.path) ?? []), edit]);
    for (const { path, blob } of move.copies) files.set(path, { path, blob });
  }
  for (const [path, list] of edits) {
    const bytes = await tree.read(path);
    // Latin-1 keeps every byte as it is; edits are of UTF-8 text, so that is what is decoded, strictly.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    files.set(path, { path, bytes: new TextEncoder().encode(applyEdits(text, list)) });
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What a commit does and where it came from, as a message with trailers that add detail and are never required. */
export interface Story {
  operation: "promote" | "rollback" | "set" | "hold" | "resume";
  subject: string;
  /** A paragraph for people; may be empty. */
  body: string;
  trailers: readonly [string, string][];
}

/** A commit's message: subject, body, trailers (git-interpret-trailers(1)). */
export function formatMessage({ operation, subject, body, trailers }: Story): string {
  const lines: [string, string][] = [["Gitops-Operation", operation], ...trailers];
  const block = lines.map(([key, value]) => `${key}: ${oneLine(value)}`).join("\n");
  return `${[oneLine(subject), body.trim(), block].filter(Boolean).join("\n\n")}\n`;
}

/** The trailers that say which versions a plan moves. */
export function versionTrailers(plans: readonly Plan[]): [string, string][] {
  return plans.flatMap((plan) =>
    plan.moves.map((move): [string, string] => [
      "Gitops-Version",
      `${plan.app}/${plan.environment} ${describeMove(move)}`,
    ]),
  );
}

/** `registry.example.com/web 1.2.0 -> 1.3.0`. */
export function describeMove({ subject, from, to }: Pick<Move, "subject" | "from" | "to">): string {
  return `${subject} ${shortVersion(from)} -> ${shortVersion(to)}`;
}

/** A version as people say it: the tag or version, with the beginning of a digest. */
export function shortVersion(version: Move["to"]): string {
  const { tag, version: number, digest, value } = version;
  const short = digest?.replace(/^([a-z0-9]+:[0-9a-f]{12}).*$/, "$1");
  const name = tag ?? number ?? (value && /^[0-9a-f]{40,64}$/.test(value) ? value.slice(0, 7) : value);
  if (name === undefined && short === undefined) return describeVersion(version) || "(none)";
  return [name, short].filter(Boolean).join("@");
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}
