import { UsageError } from "@gitops-actions/report";

/** What an argument takes: no value, one of these, or any. */
type Values = "none" | "any" | readonly string[];

/** Arguments of `kustomize build` that change what is printed and open no door. */
const allowed: Readonly<Record<string, Values>> = {
  // Only the closure lies in the folder that is rendered, so the restriction adds nothing there.
  "--load-restrictor": ["LoadRestrictionsNone", "LoadRestrictionsRootOnly"],
  "--reorder": ["legacy", "none"],
  "--enable-managedby-label": "none",
  "--helm-kube-version": "any",
  "--helm-api-versions": "any",
  // People write it out of habit. It is left out: we give it, with the pinned Helm, where a chart is inflated;
  // elsewhere it would have kustomize run whatever `helm` is on PATH.
  "--enable-helm": "none",
};

const doors: Readonly<Record<string, string>> = {
  "--enable-exec": "it runs programs of the repository",
  "--enable-alpha-plugins": "it runs plugins",
  "--enable-star": "it runs scripts of the repository",
  "--network": "it opens the network to functions",
  "--network-name": "it opens the network to functions",
  "--mount": "it mounts folders into containers",
  "--env": "it passes environment variables to functions",
  "-e": "it passes environment variables to functions",
  "--as-current-user": "it concerns functions, which are not run",
  "--helm-command": "Helm is pinned and verified: choose it with helm-version or helm-path",
  "--output": "the output is written by gitops-actions",
  "-o": "the output is written by gitops-actions",
};

/**
 * Checks what a person wants added to `kustomize build` and returns it with each value joined by `=`. Throws
 * UsageError for everything that is not known to be harmless: a build of a pull request must not run, send or
 * write anything.
 */
export function checkBuildArgs(args: readonly string[]): string[] {
  const checked: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    const [, flag = argument, joined] = /^(-[^=]*)=(.*)$/s.exec(argument) ?? [];
    const values = Object.hasOwn(allowed, flag) ? allowed[flag] : undefined;
    if (values === undefined) throw refused(argument, flag);
    if (values === "none") {
      if (joined !== undefined) checkValue(flag, joined, ["true", "false"]);
      if (flag !== "--enable-helm") checked.push(argument);
      continue;
    }
    const value = joined ?? args[++index];
    if (value === undefined)
      throw new UsageError(`kustomize-build-args: ${flag} needs a value: ${flag}=VALUE.`);
    checkValue(flag, value, values);
    checked.push(`${flag}=${value}`);
  }
  return checked;
}

function checkValue(flag: string, value: string, values: "any" | readonly string[]): void {
  if (values === "any" || values.includes(value)) return;
  const shown = JSON.stringify(value);
  throw new UsageError(`kustomize-build-args: ${flag} is ${values.join(" or ")}, not ${shown}.`);
}

function refused(argument: string, flag: string): UsageError {
  const stray = flag.startsWith("-")
    ? "it is not among the known ones"
    : "the overlay is named by gitops-actions";
  const why = (Object.hasOwn(doors, flag) ? doors[flag] : undefined) ?? stray;
  const known = Object.keys(allowed).join(", ");
  return new UsageError(
    `kustomize-build-args: ${JSON.stringify(argument)} is refused: ${why}. Allowed: ${known}.`,
  );
}
