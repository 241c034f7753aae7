import { UsageError } from "@gitops-actions/report";

/** Arguments of `kustomize build` that change what is printed and open no door; true: they take a value. */
const allowed: Readonly<Record<string, boolean>> = {
  // Only the closure lies in the folder that is rendered, so the restriction adds nothing there.
  "--load-restrictor": true,
  "--reorder": true,
  "--enable-managedby-label": false,
  "--helm-kube-version": true,
  "--helm-api-versions": true,
  // Given by us where a chart is inflated; harmless where people write it out of habit.
  "--enable-helm": false,
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
    const takesValue = Object.hasOwn(allowed, flag) ? allowed[flag] : undefined;
    if (takesValue === undefined) throw refused(argument, flag);
    if (!takesValue) {
      if (joined !== undefined && joined !== "true" && joined !== "false") throw refused(argument, flag);
      checked.push(argument);
      continue;
    }
    const value = joined ?? args[++index];
    if (value === undefined)
      throw new UsageError(`kustomize-build-args: ${flag} needs a value, such as ${flag}=VALUE.`);
    checked.push(`${flag}=${value}`);
  }
  return checked;
}

function refused(argument: string, flag: string): UsageError {
  const why =
    doors[flag] ??
    (flag.startsWith("-") ? "it is not among the known ones" : "the overlay is named by gitops-actions");
  return new UsageError(
    `kustomize-build-args: ${JSON.stringify(argument)} is refused: ${why}. Allowed: ${Object.keys(allowed).join(", ")}.`,
  );
}
