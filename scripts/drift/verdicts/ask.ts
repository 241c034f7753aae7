import { spawnSync } from "node:child_process";
import type { DriftOutcome } from "@gitops-actions/drift-report";
import { writeJson } from "@gitops-actions/manifest";
import { needed } from "../../servers/control-plane.ts";
import type { ArgoCd } from "../../servers/controllers/argocd.ts";
import { readyOf, requestReconcile } from "../../servers/controllers/flux.ts";
import type { Processes } from "../../servers/controllers/processes.ts";
import { kubernetes } from "../../servers/programs.ts";
import type { Send } from "../../servers/request.ts";
import { changes } from "./changes.ts";
import { pathOf } from "./stage.ts";

/** What drift-report says of one object: its rules, and who it says it was. */
export function askDriftReport(
  { report }: DriftOutcome,
  names: readonly string[],
): { rules: string[]; who: string } {
  const about = report.findings.filter(({ resource }) => {
    if (!resource) return false;
    return names.includes(resource.namespace ? `${resource.namespace}/${resource.name}` : resource.name);
  });
  const rules = [...new Set(about.map(({ rule }) => rule.replace("drift/", "")))].sort();
  const who = about.map(({ message }) => /(?:written|applied) by (\S+) \(/.exec(message)?.[1]);
  return { rules, who: [...new Set(who.filter((each) => each !== undefined))].join(", ") };
}

/** What a diff shows of each object, by `namespace/name` (or the name alone where it has no namespace). */
export type Shown = ReadonlyMap<string, string>;

/** What `kubectl diff` shows. It names the files it compares `group.version.Kind.namespace.name`. */
export function askKubectl(kubeconfig: string, file: string, args: readonly string[]): Shown {
  const { status, stdout, stderr } = spawnSync(
    needed(kubernetes("kubectl")),
    ["--kubeconfig", kubeconfig, "diff", ...args, "-f", file],
    { encoding: "utf8", maxBuffer: 64 << 20 },
  );
  if (status !== 0 && status !== 1) throw new Error(`kubectl diff: ${stderr}`);
  return split(stdout, /^diff .*\.([^./ ]*)\.([^./ ]+)$/);
}

/** What `argocd app diff` shows: `===== group/Kind namespace/name ======` and a diff of each object. */
export function askArgoCd(cli: NonNullable<ArgoCd["cli"]>, name: string): Shown {
  const { status, stdout, stderr } = spawnSync(
    cli.path,
    ["app", "diff", name, ...cli.args, "--hard-refresh"],
    { env: cli.env, encoding: "utf8", maxBuffer: 64 << 20, timeout: 120_000 },
  );
  if (status !== 0 && status !== 1) throw new Error(`argocd app diff: ${stderr}`);
  return split(stdout, /^===== \S* (\S*)\/(\S+) =+$/);
}

/** The lines that differ, without counters of the server, below the heading of each object. */
function split(text: string, heading: RegExp): Shown {
  const shown = new Map<string, string>();
  let key = "";
  for (const line of text.split("\n")) {
    const head = heading.exec(line);
    if (head) key = head[1] ? `${head[1]}/${head[2]}` : head[2]!;
    const isChange = /^(?:[-+](?![-+])|[<>])/.test(line) && !/(?:generation|resourceVersion):/.test(line);
    if (key && (head || isChange)) shown.set(key, `${shown.get(key) ?? ""}${head ? "" : line}\n`);
  }
  return shown;
}

/** Lets Flux reconcile, and says of each object whether it then is as it was: `yes`, or undefined. */
export async function askFlux(
  send: Send,
  processes: Processes,
  by: string,
  before: readonly unknown[],
): Promise<(string | undefined)[]> {
  const path = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/${by}`;
  const now = new Date().toISOString();
  await requestReconcile(send, path, now);
  await processes.until("Flux has reconciled", async () => {
    const { body } = await send("GET", path);
    if (body.status?.lastHandledReconcileAt !== now) return undefined;
    const ready = readyOf(body);
    if (ready?.status !== "True") throw new Error(`Flux does not reconcile: ${ready?.message}`);
    return true;
  });
  return Promise.all(
    changes.map(async ({ expected }, index) => {
      const { body } = await send("GET", pathOf(by, index));
      if (expected === "nothing") return undefined;
      return essence(body) === essence(before[index]) ? "yes" : undefined;
    }),
  );
}

/** An object without what the server counts and records. */
// biome-ignore lint/suspicious/noExplicitAny: objects of every kind.
function essence(object: any): string {
  const { status: _status, metadata = {}, ...rest } = object ?? {};
  const { labels, annotations = {}, finalizers } = metadata;
  const { "deployment.kubernetes.io/revision": _revision, ...notes } = annotations;
  return writeJson({ ...rest, labels: labels ?? {}, finalizers: finalizers ?? [], notes });
}
