import { Location, ToolUse, UsageError } from "@gitops-actions/report";
import * as z from "zod";

/** The version of index.json that this code writes and reads. */
export const indexVersion = 1;

const IndexResource = z.strictObject({
  id: z.strictObject({
    group: z.string(),
    version: z.string(),
    kind: z.string(),
    namespace: z.string(),
    name: z.string(),
  }),
  /** Relative to the folder of index.json. */
  file: z.string(),
  /** Position in the manifest, from 0. */
  document: z.int().nonnegative(),
  /** Of the redacted text. */
  digest: z.string(),
  origin: Location.optional(),
});

const Side = z.strictObject({
  /** The tool's exact bytes, relative to the folder of index.json. Holds Secrets. */
  manifest: z.string(),
  digest: z.string(),
  resources: z.array(IndexResource),
  /** Where the manifest is files of the repository as they are: each, with the 1-based line on which it begins there. */
  sources: z.array(z.strictObject({ path: z.string(), line: z.int().positive() })).optional(),
});

const IndexOverlay = z.strictObject({
  id: z.string(),
  path: z.string(),
  kind: z.enum(["kustomize", "helm", "plain"]),
  environment: z.string().optional(),
  app: z.string().optional(),
  cluster: z.string().optional(),
  namespace: z.string().optional(),
  options: z.strictObject({
    releaseName: z.string().optional(),
    values: z.array(z.string()),
    kubeVersion: z.string().optional(),
    apiVersions: z.array(z.string()),
    includeCrds: z.boolean().optional(),
  }),
  change: z.enum(["added", "changed", "unchanged", "removed", "unknown"]),
  status: z.enum(["rendered", "unchanged", "failed", "rejected", "removed"]),
  reason: z.strictObject({ code: z.string(), message: z.string(), location: Location.optional() }).optional(),
  closure: z.strictObject({ digest: z.string(), complete: z.boolean() }),
  head: Side.optional(),
  base: Side.optional(),
});

const Commit = z.strictObject({ commit: z.string().nullable(), dirty: z.boolean() });

/** index.json: what render-overlays hands to the actions that come after it. Paths are relative to its folder. */
export const Index = z.strictObject({
  version: z.literal(indexVersion),
  mode: z.enum(["pull-request", "single"]),
  scope: z.enum(["changed", "all"]),
  complete: z.boolean(),
  source: z.strictObject({
    repository: z.string().optional(),
    head: Commit,
    base: z
      .strictObject({
        commit: z.string(),
        how: z.enum(["merge-parent", "merge-base", "merge-group", "push-before", "given"]),
      })
      .optional(),
  }),
  /** Tip of the base branch: where policies, exceptions and gates are read. */
  trusted: z.strictObject({ commit: z.string() }).optional(),
  tools: z.array(ToolUse),
  /** For each check, what decides its result besides the manifests, on each side; where it differs, scope is all. */
  inputs: z.record(z.string(), z.strictObject({ head: z.string(), base: z.string().optional() })).optional(),
  overlays: z.array(IndexOverlay),
});
export type Index = z.infer<typeof Index>;
export type IndexOverlay = z.infer<typeof IndexOverlay>;
export type IndexSide = z.infer<typeof Side>;
export type IndexResource = z.infer<typeof IndexResource>;

/** Reads index.json. Throws UsageError that names the file and what is wrong, an unknown version first of all. */
export function parseIndex(text: string, path: string): Index {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${(error as Error).message}`);
  }
  const version =
    typeof value === "object" && value !== null && "version" in value ? value.version : undefined;
  if (version === undefined) {
    throw new UsageError(`${path} has no \`version\`: it is not an index that render-overlays wrote`);
  }
  if (version !== indexVersion) {
    throw new UsageError(
      `${path} has version ${JSON.stringify(version)}, and this release reads version ${indexVersion}; ` +
        "use the same release of render-overlays and of the action that reads it",
    );
  }
  const parsed = Index.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`);
  throw new UsageError(`${path} is not a valid index:\n${problems.join("\n")}`);
}

/** The JSON Schema of index.json. */
export function indexJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(Index, { io: "input" }) as Record<string, unknown>;
}
