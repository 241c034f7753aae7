import type { Report } from "@gitops-actions/report";
import type { Verdict } from "../verdict.ts";

/** Whether what other actions found allows a promotion. Each report must be of the commit that the promotion stands on. */
export function reports(given: readonly Report[], wanted: number, commit: string): Verdict {
  const gate = "reports";
  if (wanted === 0) return { gate, state: "open", because: "none are asked for" };
  if (given.length < wanted)
    return {
      gate,
      state: "unknown",
      because: `${wanted - given.length} of ${wanted} reports could not be read`,
      mend: "run the actions that write them before this one",
    };
  const other = given.find(({ source }) => source.head.commit !== commit);
  if (other)
    return {
      gate,
      state: "unknown",
      because: `the report of ${other.action} is of ${other.source.head.commit?.slice(0, 7) ?? "a working tree"}, not of ${commit.slice(0, 7)}`,
      mend: "make the reports at the tip of the branch",
    };
  const bad = given.filter(
    ({ verdict, summary }) => verdict !== "passed" && !(verdict === "findings" && summary.error === 0),
  );
  if (bad.length > 0)
    return {
      gate,
      state: "closed",
      because: bad.map(({ action, verdict }) => `${action}: ${verdict}`).join(", "),
    };
  return { gate, state: "open", because: `${given.map(({ action }) => action).join(", ")} passed` };
}
