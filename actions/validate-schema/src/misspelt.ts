import { joinPointer, splitPointer } from "@gitops-actions/manifest";
import { nearest } from "@gitops-actions/report";
import type { Statement } from "./statement.ts";

/** A field that is there, under a name that was most likely meant to be that of one that is missing. */
export interface Misspelt {
  /** JSON Pointer of the field as it is written. */
  field: string;
  written: string;
  meant: string;
}

/** Of a missing field the unknown one beside it that has nearly its name; undefined where there is none. */
export function misspeltBeside(
  { what, field, expected }: Pick<Statement, "what" | "expected"> & { field: string | undefined },
  statements: readonly Pick<Statement, "what" | "field">[],
): Misspelt | undefined {
  if (what !== "missing-field" || field === undefined) return undefined;
  const missing = splitPointer(field);
  // Of several of which one is needed, the field is what they belong in.
  const several = expected?.startsWith("one of ") ? expected.slice("one of ".length).split(", ") : undefined;
  const names = several ?? missing.slice(-1);
  const parent = joinPointer(several ? missing : missing.slice(0, -1));
  for (const other of statements) {
    if (other.what !== "unknown-field" || other.field === undefined) continue;
    const tokens = splitPointer(other.field);
    const written = tokens.at(-1) ?? "";
    if (joinPointer(tokens.slice(0, -1)) !== parent) continue;
    const meant = nearest(written, names);
    if (meant !== undefined) return { field: other.field, written, meant };
  }
  return undefined;
}
