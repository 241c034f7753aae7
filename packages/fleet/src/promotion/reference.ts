import type { Version } from "./slot.ts";

/**
 * The parts of an image reference; undefined for a text that cannot be one. A port is not a tag
 * (github.com/distribution/reference, regexp.go).
 */
export function parseReference(text: string): Version | undefined {
  const found =
    /^((?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9+.]+:[0-9a-fA-F]{32,}))?$/.exec(
      text,
    );
  if (!found) return undefined;
  const [, name, tag, digest] = found;
  return { name: name!, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** Writes an image reference from its parts. */
export function writeReference(version: Version): string {
  const { name = "", tag, digest } = version;
  return `${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** Whether a revision names something that moves by itself: HEAD or a branch, by how it is written. */
export function followsBranch(revision: string): boolean {
  return (
    revision === "" ||
    /^(?:HEAD|main|master|trunk|develop|dev|staging|production|prod|stable|latest)$/i.test(revision) ||
    /^refs\/heads\//.test(revision)
  );
}

/** Whether something else fills in the value before it is used: a template, a variable of Flux, envsubst or kpt. */
export function holdsVariable(text: string): boolean {
  return /\{\{|\$\{|\$\(|^\$[A-Za-z_]|<[A-Za-z_ -]+>/.test(text);
}
