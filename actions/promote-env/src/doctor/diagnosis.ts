import type { Location } from "@gitops-actions/report";

/** What one look at a repository showed. `unknown` says who could tell; it is never taken for fine. */
export type Diagnosis =
  | { check: string; on: string; state: "fine"; message: string }
  | {
      check: string;
      on: string;
      state: "wrong";
      severity: "error" | "warning" | "notice";
      message: string;
      help: string;
      location?: Location;
    }
  | { check: string; on: string; state: "unknown"; message: string };

/** A line of a file, where a diagnosis is about one. */
export function at(path: string, line: number): Location {
  return { path, line, precision: "near", via: [] };
}
