import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Block,
  nodesOf,
  parseTemplate,
  type TemplateNode,
} from "../../../packages/fleet/src/origin/gotemplate.ts";
import { parsePipeline } from "../../../packages/fleet/src/origin/pipeline.ts";

/** The parts of a template as they were read, put together again. */
function textOf(source: string, block: Block): string {
  return block.children.map((node) => partOf(source, node)).join("");
}

function partOf(source: string, node: TemplateNode): string {
  if (node.kind !== "block") return source.slice(node.start, node.end);
  const { opens, closes } = node;
  const end = closes?.keyword === "end" ? source.slice(closes.start, closes.end) : "";
  return source.slice(opens!.start, opens!.end) + textOf(source, node) + end;
}

const actions = fc.constantFrom(
  "{{ .Values.a }}",
  '{{- "}}" -}}',
  "{{ `{{ raw }}` }}",
  "{{/* a }} comment */}}",
  "{{- /* trimmed */ -}}",
  "{{ $x := 1 }}",
  "{{ '}' }}",
  '{{ printf "%s \\" }}" .x | quote }}',
  "{{break}}",
);
const texts = fc.constantFrom("a: ", "\n", "}}", "{ x", " - b\n");
const template: fc.Arbitrary<string> = fc.letrec((tie) => ({
  part: fc.oneof(
    { depthSize: "small" },
    texts,
    actions,
    fc
      .tuple(
        fc.constantFrom("if .a", "- with .b", "range $i, $e := .c"),
        tie("parts"),
        fc.option(tie("parts")),
      )
      .map(
        ([open, body, other]) => `{{${open} }}${body}${other === null ? "" : `{{ else }}${other}`}{{ end -}}`,
      ),
  ),
  parts: fc.array(tie("part"), { maxLength: 4 }).map((parts) => parts.join("")),
})).parts as fc.Arbitrary<string>;

describe("templates", () => {
  test("nothing of them is lost", () => {
    fc.assert(
      fc.property(template, (source) => {
        const root = parseTemplate(source);
        expect(root).toBeDefined();
        expect(textOf(source, root!)).toBe(source);
      }),
    );
  });

  test.each(["{{ end }}", "{{ if .a }}", "{{ else }}", "{{ if .a }}{{ end }}{{ end }}"])(
    "%s does not match",
    (source) => {
      expect(parseTemplate(source)).toBeUndefined();
    },
  );

  test("branches are blocks of their own", () => {
    const root = parseTemplate(
      '{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}{{ define "x" }}4{{ end }}',
    )!;
    expect(
      root.children.map((node) => (node.kind === "block" ? [node.keyword, node.name] : node.kind)),
    ).toEqual([
      ["if", undefined],
      ["if", undefined],
      ["else", undefined],
      ["define", "x"],
    ]);
    expect([...nodesOf(root)].length).toBe(8);
  });

  test.each([
    ["{{- .a }}", true, false],
    ["{{ .a -}}", false, true],
    ["{{-1}}", false, false],
    ["{{- 1 -}}", true, true],
  ])("%s trims", (source, left, right) => {
    const [action] = parseTemplate(source)!.children;
    expect(action).toMatchObject({ trimLeft: left, trimRight: right });
  });
});

describe("pipelines", () => {
  test.each([
    [".a.b", [[{ kind: "field", path: ["a", "b"] }]]],
    [".", [[{ kind: "field", path: [] }]]],
    ["$.Values.x", [[{ kind: "variable", name: "", path: ["Values", "x"] }]]],
    [
      "default 1 .a | quote",
      [
        [
          { kind: "function", name: "default" },
          { kind: "constant", value: "1" },
          { kind: "field", path: ["a"] },
        ],
        [{ kind: "function", name: "quote" }],
      ],
    ],
    ["(index .a 0).b", [[{ kind: "pipeline", path: ["b"] }]]],
    [
      'include "x" (dict "a" $y "b" `raw`)',
      [[{ name: "include" }, { value: "x" }, { kind: "pipeline", path: [] }]],
    ],
  ])("%s", (text, commands) => {
    expect(parsePipeline(text, 0)?.commands).toMatchObject(commands);
  });

  test("variables are declared and assigned", () => {
    expect(parsePipeline(" $k, $v := .a", 0)).toMatchObject({
      variables: ["k", "v"],
      commands: [[{ path: ["a"] }]],
    });
    expect(parsePipeline("$x = 1", 0)?.variables).toEqual(["x"]);
    expect(parsePipeline("$x.y", 0)?.variables).toEqual([]);
  });

  test.each(["(.a", ".a)", "a | ", "#", ""])("%j is none", (text) => {
    expect(parsePipeline(text, 0)).toBeUndefined();
  });
});
