import { configJsonSchema, indexJsonSchema } from "@gitops-actions/fleet";
import { Report } from "@gitops-actions/report";
import * as z from "zod";

/** Where editors fetch a schema; a release rewrites @v1 like the rest. */
const home = "https://raw.githubusercontent.com/org/gitops-actions/v1/schemas";

/** The published JSON Schemas, by file name. */
export function makeSchemas(): Map<string, string> {
  const schemas: Record<string, { title: string; schema: object }> = {
    gitops: { title: "gitops.yaml", schema: configJsonSchema() },
    index: { title: "index.json, written by render-overlays", schema: indexJsonSchema() },
    report: {
      title: "report.json, written by every action",
      schema: z.toJSONSchema(Report, { io: "output" }),
    },
  };
  return new Map(
    Object.entries(schemas).map(([name, { title, schema }]) => {
      const file = `${name}.schema.json`;
      return [file, `${JSON.stringify({ $id: `${home}/${file}`, title, ...schema }, null, 2)}\n`];
    }),
  );
}
