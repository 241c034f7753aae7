import * as z from "zod";

const Version = z.object({ Path: z.string(), Version: z.string().optional() });

/** What we read of `go mod edit -json`. Go writes null for an empty list. */
export const GoMod = z.object({
  Go: z.string().optional(),
  Godebug: z.array(z.object({ Key: z.string(), Value: z.string() })).nullish(),
  Require: z.array(Version).nullish(),
  Exclude: z.array(Version).nullish(),
  Replace: z.array(z.object({ Old: Version, New: Version })).nullish(),
});
export type GoMod = z.infer<typeof GoMod>;

/**
 * The go.mod of a module that does nothing but require a program, with everything its own go.mod decides: `go
 * install` ignores or refuses those lines, and so builds other dependencies than the project's own release, or
 * nothing at all. Replacements by folders are dropped, for the folders are not published; Kubernetes publishes its
 * staging folders as modules v0.MINOR.PATCH.
 */
export function buildModule(program: GoMod, module: string, version: string): string {
  const required = [...(program.Require ?? []), { Path: module, Version: `v${version}` }];
  return [
    "module gitops-actions.invalid/build",
    `go ${program.Go ?? "1.21"}`,
    ...(program.Godebug ?? []).map(({ Key, Value }) => `godebug ${Key}=${Value}`),
    ...required.map(({ Path, Version }) => `require ${Path} ${Version}`),
    ...(program.Exclude ?? []).map(({ Path, Version }) => `exclude ${Path} ${Version}`),
    ...(program.Replace ?? []).flatMap(({ Old, New }) => replacement(Old, New, version)),
    "",
  ].join("\n");
}

type ModuleVersion = z.infer<typeof Version>;

function replacement(old: ModuleVersion, by: ModuleVersion, version: string): string[] {
  const replaced = old.Version ? `${old.Path} ${old.Version}` : old.Path;
  if (by.Version) return [`replace ${replaced} => ${by.Path} ${by.Version}`];
  const staging = by.Path.startsWith("./staging/src/") ? by.Path.slice("./staging/src/".length) : undefined;
  return staging ? [`replace ${replaced} => ${staging} v0.${version.split(".").slice(1).join(".")}`] : [];
}
