import * as z from "zod";
import { DriftFile } from "./drift/settings.ts";
import { PromotionFile } from "./promotion/settings.ts";

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, `.`, `_` and `-`");
const host = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/, "must be the name of a host, such as github.com");
const glob = z.string().min(1);
const file = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !/^[a-z][a-z0-9+.-]*:/i.test(path), "must be a relative path");

const environmentFields = {
  from: z
    .union([name, z.array(name).min(1)])
    .optional()
    .describe("The environment, or environments, whose versions are promoted into this one."),
  paths: z
    .array(glob)
    .default([])
    .describe("Globs of overlay folders that belong to it, where no pattern tells."),
  branch: z.string().min(1).optional().describe("The branch that holds it, where environments are branches."),
  tag: z
    .string()
    .regex(/^(?!.*(?:\.\.|\/\/|@\{|\.lock$))[A-Za-z0-9][\w./-]*[\w-]$/, "must be the name of a tag")
    .optional()
    .describe(
      "The tag that marks what it runs, where an environment runs a commit: promotion moves the tag.",
    ),
  clusters: z.array(name).default([]).describe("Clusters it runs on."),
  namespaces: z.array(name).default([]).describe("Namespaces it owns."),
};
const NamedEnvironment = z.strictObject({ name, ...environmentFields });
const Environment = z.strictObject(environmentFields);

const version = z
  .string()
  .regex(/^v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?$/, "must be a version such as 5.8.2")
  .transform((text) => text.replace(/^v/, ""));

const OverlayRule = z.strictObject({
  path: z.string().min(1).describe("Pattern of overlay folders, e.g. `apps/{app}/overlays/{environment}`."),
  kind: z
    .enum(["kustomize", "helm", "plain"])
    .optional()
    .describe("Only folders of this kind; default: any."),
  environment: name.optional(),
  app: name.optional(),
  cluster: name.optional(),
  namespace: name.optional(),
});

const chartFields = {
  values: z
    .array(file)
    .optional()
    .describe(
      "Values files, relative to the chart, the last wins. `{environment}` in one makes an overlay for each.",
    ),
  "release-name": z.string().min(1).max(53).optional().describe("Default: the name of the chart's folder."),
  namespace: name.optional(),
  "kube-version": z
    .string()
    .regex(/^v?\d+\.\d+(?:\.\d+)?/, "must be a version such as 1.35.0")
    .optional()
    .describe("What .Capabilities.KubeVersion says."),
  "api-versions": z
    .array(z.string().min(1))
    .optional()
    .describe("What .Capabilities.APIVersions has besides."),
  "include-crds": z.boolean().optional().describe("Render the chart's crds/ folder too."),
};
const ChartEnvironment = z.strictObject(chartFields);
const ChartRule = z.strictObject({
  path: z.string().min(1).describe("Pattern of chart folders, e.g. `charts/{app}`; `**` for every chart."),
  ...chartFields,
  environments: z
    .record(name, z.union([file, z.array(file), ChartEnvironment]))
    .optional()
    .describe("Values files (or all options) for each environment. `values` above come before them."),
});

/** gitops.yaml, as it is written. Strict: an unknown key is refused. */
export const ConfigFile = z
  .strictObject({
    version: z.literal(1).optional().describe("Version of this file's format."),
    environments: z
      .union([z.array(z.union([name, NamedEnvironment])), z.record(name, Environment.nullable())])
      .optional()
      .describe("Environments in the order of promotion: a list of names or objects, or a map by name."),
    overlays: z
      .array(z.union([z.string().min(1), OverlayRule]))
      .optional()
      .describe("Where overlays are. Left out: they are found by themselves."),
    charts: z
      .array(z.union([z.string().min(1), ChartRule]))
      .optional()
      .describe("How charts are rendered."),
    ignore: z.array(glob).optional().describe("Globs of paths that hold no overlays."),
    tools: z
      .strictObject({
        kustomize: version.optional(),
        helm: version.optional(),
      })
      .optional()
      .describe(
        "Versions that render this repository. Read at each commit, so that an upgrade shows its own effect.",
      ),
    allow: z
      .strictObject({
        "remote-bases": z.array(host).optional().describe("Hosts that bases may be fetched from."),
        "chart-repositories": z.array(host).optional().describe("Hosts that charts may be pulled from."),
      })
      .optional()
      .describe("What rendering may fetch. Read at the tip of the base branch."),
    promotion: PromotionFile.optional().describe(
      "How versions move between environments. Read at the tip of the default branch.",
    ),
    namespaces: z
      .record(
        name,
        z.strictObject({
          labels: z.record(z.string(), z.string()).default({}),
          environments: z
            .record(name, z.record(z.string(), z.string()))
            .default({})
            .describe("Labels that it has in one environment besides."),
        }),
      )
      .optional()
      .describe(
        "Labels of namespaces that the repository does not render, for policies that select by them. Read at the tip of the base branch.",
      ),
    drift: DriftFile.optional().describe("What drift-report does not call drift."),
  })
  .describe("Configuration of gitops-actions: what a repository's overlays and environments are.");

/** The JSON Schema of gitops.yaml, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(ConfigFile, { io: "input" }) as Record<string, unknown>;
}
