import type { GateSettings } from "@gitops-actions/fleet";
import type { Verdict } from "../verdict.ts";

/** Somebody put a label on a pull request. */
export interface Labelling {
  label: string;
  by: string;
  /** Whether it was a program: those do not approve. */
  bot: boolean;
  /** Milliseconds since 1970. */
  at: number;
}

/** Somebody's word on a pull request, as it was at a commit. */
export interface Review {
  by: string;
  state: "approved" | "changes-requested" | "dismissed";
  commit: string;
  at: number;
}

/** What is known of the approvals of one promotion. Undefined: it could not be asked. */
export interface Approvals {
  /** Undefined while there is no pull request. */
  pull?: {
    author: string;
    /** Commit of its branch. */
    head: string;
    labels: readonly string[];
    /** When its branch was last pushed to. */
    pushed: number | undefined;
    labellings: readonly Labelling[] | undefined;
    reviews: readonly Review[] | undefined;
  };
  /** Whether somebody may write to the repository. */
  mayWrite: ReadonlyMap<string, boolean | undefined>;
  /** Whether somebody is in the team. */
  inTeam: ReadonlyMap<string, boolean | undefined>;
  /** GitHub environments for which this workflow run was approved. */
  environments: readonly string[] | undefined;
}

type Settings = NonNullable<GateSettings["approval"]>;
const gate = "approval";

/** Whether everybody agreed who must: each thing that is asked for is one verdict, in the order team, label, environment. */
export function approval(settings: GateSettings["approval"], facts: Approvals | undefined): Verdict[] {
  if (!settings) return [{ gate, state: "open", because: "none is asked for" }];
  const { team, label, environment } = settings;
  if (!facts)
    return [
      {
        gate,
        state: "unknown",
        because: "approvals are given on GitHub, which could not be asked",
        mend: "give the action a token with pull-requests: read",
      },
    ];
  return [
    ...(team === undefined ? [] : [ofTeam(team, facts)]),
    ...(label === undefined ? [] : [ofLabel(label, facts)]),
    ...(environment === undefined ? [] : [ofEnvironment(environment, facts)]),
  ];
}

/** Whether an approval is asked for that only a pull request can have. */
export function needsPull(settings: Settings | undefined): boolean {
  return settings?.team !== undefined || settings?.label !== undefined;
}

function ofTeam(team: string, { pull, inTeam }: Approvals): Verdict {
  if (!pull)
    return { gate, state: "waiting", because: `there is no pull request that ${team} could approve` };
  if (!pull.reviews) return unknown("the reviews could not be read", "pull-requests: read");
  const last = new Map<string, Review>();
  for (const review of [...pull.reviews].sort((a, b) => a.at - b.at || rank(a) - rank(b)))
    last.set(review.by, review);
  const words = [...last.values()];
  const against = words.filter((review) => review.state === "changes-requested").map(({ by }) => by);
  if (against.length > 0)
    return { gate, state: "closed", because: `${against.sort().join(", ")} asked for changes` };
  const forIt = words.filter(
    ({ state, commit, by }) => state === "approved" && commit === pull.head && by !== pull.author,
  );
  const member = forIt.find(({ by }) => inTeam.get(by) === true);
  if (member) return { gate, state: "open", because: `${member.by} of ${team} approved it as it is` };
  const unsure = forIt.filter(({ by }) => inTeam.get(by) === undefined).map(({ by }) => by);
  if (unsure.length > 0)
    return unknown(
      `whether ${unsure.sort().join(", ")} belongs to ${team} could not be asked`,
      "Members: read of the organisation (a GitHub App's; the job's own token has it not)",
    );
  const stale = words.some(({ state, commit }) => state === "approved" && commit !== pull.head);
  return {
    gate,
    state: "waiting",
    because: `nobody of ${team} has approved it${stale ? " as it is now" : ""}`,
  };
}

/** Of two words at the same moment, the one against counts. */
function rank({ state }: Review): number {
  return { approved: 0, dismissed: 1, "changes-requested": 2 }[state];
}

function ofLabel(label: string, { pull, mayWrite }: Approvals): Verdict {
  if (!pull) return { gate, state: "waiting", because: `there is no pull request to label ${label}` };
  if (!pull.labels.includes(label)) return { gate, state: "waiting", because: `it is not labelled ${label}` };
  const { pushed, labellings } = pull;
  if (pushed === undefined)
    return unknown(
      `when ${label} was set is known, when the branch was last pushed is not`,
      "contents: read",
    );
  if (!labellings) return unknown(`who set the label ${label} could not be read`, "issues: read");
  // Seconds are all that GitHub tells: a label of the very second of the push may be older than it.
  const counting = labellings.filter((each) => each.label === label && !each.bot && each.at > pushed);
  const setter = counting.find(({ by }) => mayWrite.get(by) === true);
  if (setter) return { gate, state: "open", because: `${setter.by} labelled it ${label} as it is` };
  const unsure = counting.filter(({ by }) => mayWrite.get(by) === undefined).map(({ by }) => by);
  if (unsure.length > 0)
    return unknown(`whether ${unsure.sort().join(", ")} may write could not be asked`, "metadata: read");
  return {
    gate,
    state: "waiting",
    because:
      counting.length > 0
        ? `${counting[0]!.by} labelled it ${label}, who may not write`
        : `${label} was not set by a person since the last push: take it off and set it again`,
  };
}

function ofEnvironment(environment: string, { environments }: Approvals): Verdict {
  if (!environments)
    return unknown(`whether this run was approved for ${environment} could not be asked`, "actions: read");
  return environments.includes(environment)
    ? { gate, state: "open", because: `this run was approved for ${environment}` }
    : {
        gate,
        state: "waiting",
        because: `this run was not approved for ${environment}: name it as the job's \`environment\`, with required reviewers`,
      };
}

function unknown(because: string, permission: string): Verdict {
  return { gate, state: "unknown", because, mend: `give the action a token with ${permission}` };
}
