import * as report from "@gitops-actions/report";
import * as z from "zod";

const base = "https://json-schema.org/draft/2020-12/schema";

/** The published JSON Schemas, by file name. */
export async function makeSchemas(): Promise<Map<string, string>> {
  const schema = z.toJSONSchema(report.Report, { io: "output" });
  return new Map([["report.schema.json", format("report.json of gitops-actions", schema)]]);
}

function format(title: string, schema: object): string {
  return `${JSON.stringify({ $schema: base, title, ...schema }, null, 2)}\n`;
}
