import type { Verdict } from "../verdict.ts";

/** Whether another pull request may be opened. `open` undefined: nobody could be asked; `own`: this promotion's is among them. */
export function limit(most: number | undefined, open: number | undefined, own: boolean): Verdict {
  const gate = "open pull requests";
  if (most === undefined) return { gate, state: "open", because: "there is no limit" };
  if (open === undefined)
    return {
      gate,
      state: "unknown",
      because: "the open pull requests could not be listed",
      mend: "give the action a token with pull-requests: read",
    };
  if (own || open < most) return { gate, state: "open", because: `${open} of at most ${most} are open` };
  return { gate, state: "waiting", because: `${open} pull requests are open, of at most ${most}` };
}

/** Whether a run may move another app into an environment. `before`: how many it moves already. */
export function batch(most: number | undefined, before: number): Verdict {
  const gate = "batch";
  if (most === undefined) return { gate, state: "open", because: "there is no limit" };
  return before < most
    ? { gate, state: "open", because: `it is one of at most ${most} of this run` }
    : { gate, state: "waiting", because: `this run moves ${most} already: it is the next one's turn` };
}
