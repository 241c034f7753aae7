import type { GateSettings } from "@gitops-actions/fleet";
import type { Evidence } from "./evidence.ts";
import type { Forge, Pull } from "./forge.ts";
import type { Approvals } from "./gates/index.ts";

/** Asks the forge for what an approval is judged by; only for what the settings want to know. Undefined without a forge. */
export async function askApprovals(
  { forge, runId, pulls }: Pick<Evidence, "forge" | "runId" | "pulls">,
  settings: NonNullable<GateSettings["approval"]>,
  pull: Pull | undefined,
): Promise<Approvals | undefined> {
  if (!forge || !pulls) return undefined;
  const { team, label, environment } = settings;
  const environments =
    environment === undefined || runId === undefined ? undefined : await forge.runApprovals(runId);
  if (!pull) return { environments, mayWrite: new Map(), inTeam: new Map() };
  const reviews = team === undefined ? undefined : await forge.reviews(pull.number);
  const labellings =
    label !== undefined && pull.labels.includes(label) ? await forge.labellings(pull.number) : undefined;
  const pushed = labellings
    ? (await forge.pushes(pull.head))?.find((push) => push.after === pull.headSha)?.at
    : undefined;
  const setters = labellings?.filter((each) => each.label === label && !each.bot).map(({ by }) => by) ?? [];
  const approvers = reviews?.filter((each) => each.state === "approved").map(({ by }) => by) ?? [];
  return {
    environments,
    pull: { author: pull.author, head: pull.headSha, labels: pull.labels, pushed, labellings, reviews },
    mayWrite: await answers(setters, (login) => forge.mayWrite(login)),
    inTeam: await answers(approvers, (login) => inTeam(forge, team ?? "", login)),
  };
}

async function inTeam(forge: Forge, team: string, login: string): Promise<boolean | undefined> {
  return team === "" ? undefined : await forge.isMember(team, login);
}

async function answers(
  logins: readonly string[],
  ask: (login: string) => Promise<boolean | undefined>,
): Promise<Map<string, boolean | undefined>> {
  const found = new Map<string, boolean | undefined>();
  for (const login of new Set(logins)) found.set(login, await ask(login));
  return found;
}
