import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { makeSchemas } from "../../scripts/generate/schemas.ts";
import { root } from "./source.ts";

const schemas = makeSchemas();

describe.each([...schemas.keys()])("schemas/%s", (name) => {
  test("is a schema that a strict validator takes, under the address it is published at", () => {
    const schema = JSON.parse(schemas.get(name)!) as { $id: string };
    expect(schema.$id).toBe(`https://raw.githubusercontent.com/org/gitops-actions/v1/schemas/${name}`);
    expect(new Ajv2020({ strict: true, strictTypes: false }).compile(schema)).toBeTypeOf("function");
  });
});

test("gitops.schema.json accepts the example fleet's configuration and refuses what it does not know", () => {
  const schema = JSON.parse(schemas.get("gitops.schema.json")!);
  const validate = new Ajv2020({ strict: false }).compile(schema);
  const config = parse(readFileSync(join(root, "examples/fleet/gitops.yaml"), "utf8")) as object;
  validate(config);
  expect(validate.errors).toBeNull();
  expect(validate({ ...config, enviroments: [] })).toBe(false);
});
