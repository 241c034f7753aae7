import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHelmError, parseHelmWarnings } from "../../../packages/engine/src/helmerror.ts";
import { parseKustomizeError, parseKustomizeWarnings } from "../../../packages/engine/src/kustomizeerror.ts";
import { relativePaths, shorten, unquoteGo } from "../../../packages/engine/src/toolmessage.ts";

// Output of versions that the tests do not run; what the pinned ones print is tested with the tools themselves.

const place = { directories: ["/link/box", "/real/box"], overlay: "apps/web" };

describe("kubectl kustomize", () => {
  test("1.32 logs its error", () => {
    const logged =
      "E1124 06:57:43.761415   28875 run.go:72] \"command failed\" err=\"accumulating resources: accumulation err='accumulating resources from 'missing.yaml': evalsymlink failure on '/real/box/apps/web/missing.yaml' : lstat /real/box/apps/web/missing.yaml: no such file or directory': must build at directory: not a valid directory: evalsymlink failure on '/real/box/apps/web/missing.yaml' : lstat /real/box/apps/web/missing.yaml: no such file or directory\"\n";
    expect(parseKustomizeError(logged, place)).toEqual({
      code: "missing-file",
      message: "apps/web/missing.yaml does not exist; the kustomization of apps/web names it.",
      at: { path: "apps/web", kustomization: true, text: "missing.yaml" },
      missing: "apps/web/missing.yaml",
    });
  });

  test("others print it", () => {
    expect(
      parseKustomizeError('error: invalid Kustomization: json: unknown field "patchs"\n', place),
    ).toMatchObject({ code: "invalid-kustomization" });
  });
});

test("a warning with the time of day loses it", () => {
  const stderr =
    "2026/11/24 07:17:31 Warning: Forcing the git protocol using the 'git::' URL prefix is not supported.\nother\n";
  expect(parseKustomizeWarnings(stderr, place)).toEqual([
    "Forcing the git protocol using the 'git::' URL prefix is not supported.",
  ]);
});

describe("Helm 3", () => {
  test("prints a chain of templates on one line", () => {
    const stderr =
      'Error: template: web/templates/a.yaml:1:6: executing "web/templates/a.yaml" at <include "x" .>: error calling include: template: web/templates/_h.tpl:1:26: executing "x" at <.Values.q.z>: nil pointer evaluating interface {}.z\n\nUse --debug flag to render out invalid YAML\n';
    expect(parseHelmError(stderr, place)).toEqual({
      code: "template",
      message:
        'apps/web/templates/_h.tpl:1: executing "x" at <.Values.q.z>: nil pointer evaluating interface {}.z',
      at: { path: "apps/web/templates/_h.tpl", line: 1 },
    });
  });

  test("logs warnings with the place in its own source", () => {
    const stderr = "coalesce.go:286: warning: cannot overwrite table with non table for web.a (map[])\n";
    expect(parseHelmWarnings(stderr, place)).toEqual([
      "cannot overwrite table with non table for web.a (map[])",
    ]);
  });
});

test("an error after a thousand warnings is found", () => {
  const warnings = 'level=INFO msg="warning: skipped value for c.a: Not a table."\n'.repeat(1000);
  expect(
    parseHelmError(`${warnings}Error: execution error at (c/templates/a.yaml:1:6): no way\n`, place),
  ).toMatchObject({ code: "template" });
  expect(
    parseKustomizeError(`${"# Warning: old\n".repeat(1000)}Error: invalid Kustomization: x\n`, place),
  ).toMatchObject({ code: "invalid-kustomization" });
});

test("paths of the render's folder become the repository's, in every spelling", () => {
  expect(relativePaths("/link/box/a.yaml and /real/box/b.yaml and '/real/box'", place)).toBe(
    "a.yaml and b.yaml and '.'",
  );
});

test("long messages are cut, and say by how much", () => {
  expect(shorten("x".repeat(5000))).toBe(`${"x".repeat(2000)}... (3000 more characters)`);
});

test("what Go quotes is read as Go wrote it", () => {
  expect(unquoteGo('"a \\"b\\" \\\\ \\n \\x00\\u00e9 \\q"')).toBe('a "b" \\ \n \0é \\q');
});

test.each([
  "accumulation err='accumulating resources from '",
  "accumulating resources from 'x': ",
  "accumulation err='accumulating resources from 'x': '",
  "recursed accumulation of path 'x': ",
  "': ",
  "': must build at directory",
  "template: a:1: ",
  "\na:1",
  "yaml: line 1: ",
])("a megabyte of %j is read in no time", (fragment) => {
  const began = performance.now();
  for (const start of [
    "",
    "Error: accumulating resources: ",
    "Error: accumulation err='accumulating resources from '",
  ]) {
    const stderr = start + fragment.repeat(1_000_000 / fragment.length);
    parseKustomizeError(stderr, place);
    parseHelmError(stderr, place);
  }
  expect(performance.now() - began).toBeLessThan(2000);
});

test("no output whatever makes the parsers fail or be slow", () => {
  const fragments = fc.constantFrom(
    "Error: ",
    "accumulating resources: ",
    "accumulation err='accumulating resources from '",
    "': ",
    "' must resolve to a file': ",
    "recursed accumulation of path '",
    "must build at directory",
    "evalsymlink failure on '",
    ": unable to run: '",
    " with env=",
    'level=WARN msg="',
    "\\",
    '"',
    "\n",
    "    ",
    "a:1:2",
    "template: a:1: ",
    "yaml: line 3: ",
    " in File: ",
    '] "command failed" err="',
    "/real/box/",
    "x".repeat(300),
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fragments, fc.string()), { maxLength: 60 }).map((parts) => parts.join("")),
      (stderr) => {
        const began = performance.now();
        parseKustomizeError(stderr, place);
        parseHelmError(stderr, place);
        parseKustomizeWarnings(stderr, place);
        parseHelmWarnings(stderr, place);
        return performance.now() - began < 500;
      },
    ),
    { numRuns: 300 },
  );
});
