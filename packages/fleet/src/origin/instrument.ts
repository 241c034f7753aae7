import {
  type Action,
  type Block,
  nodesOf,
  parseTemplate,
  type TemplateNode,
  type Text,
} from "./gotemplate.ts";
import type { Operand } from "./pipeline.ts";

/** One template file of a chart. */
export interface Template {
  path: string;
  text: string;
  /** The folder of its chart. */
  chart: string;
  root: Block;
}

/** A place in a template that says in the output when it is passed. */
export interface Spot {
  template: Template;
  node: TemplateNode;
  /** Offset in the template's text. */
  offset: number;
}

/** Gives each spot its number. */
export interface Spots {
  mark(kind: Mark, spot: Spot): string;
  at(id: number): Spot | undefined;
}

/** t: text of the template follows. a, z: an action begins and ends. l, i, e: a loop begins, each turn of it, its end. */
export type Mark = "t" | "a" | "z" | "l" | "i" | "e";

/** What a mark looks like in the output; no manifest holds these characters. */
export const markPattern = /\ue000([tazlie])(\d+)\ue001/g;

const prefix = "gitops-origin:";

/** New spots. */
export function createSpots(): Spots {
  const spots: Spot[] = [];
  return {
    mark: (kind, spot) => `\ue000${kind}${spots.push(spot) - 1}\ue001`,
    at: (id) => spots[id],
  };
}

/** Reads a template; undefined where it cannot be understood. */
export function readTemplate(path: string, chart: string, text: string): Template | undefined {
  const root = parseTemplate(text);
  return root && { path, text, chart, root };
}

/** The named templates of all files, by name; those that are defined twice are left out. */
export function definitionsOf(
  templates: readonly Template[],
): Map<string, { template: Template; block: Block }> {
  const found = new Map<string, { template: Template; block: Block }[]>();
  for (const template of templates) {
    for (const block of template.root.children) {
      if (block.kind !== "block" || block.name === undefined) continue;
      found.set(block.name, [...(found.get(block.name) ?? []), { template, block }]);
    }
  }
  return new Map([...found].flatMap(([name, all]) => (all.length === 1 ? [[name, all[0]!] as const] : [])));
}

/**
 * Copies of the named templates that say where their output comes from, under names of their own: the chart's own
 * stay as they are, because conditions and checksums are computed with them.
 */
export function instrumentDefinitions(
  definitions: ReadonlyMap<string, { template: Template; block: Block }>,
  spots: Spots,
): string {
  const copies = [...definitions].map(([name, { template, block }]) => {
    const { opens, closes } = block;
    const open = `{{${opens?.trimLeft ? "- " : " "}define ${JSON.stringify(prefix + name)}${opens?.trimRight ? " -" : " "}}}`;
    return (
      open +
      copy(template, block, definitions, spots) +
      (closes ? template.text.slice(closes.start, closes.end) : "")
    );
  });
  return copies.join("\n");
}

/** A file's own output as one text in a ConfigMap: so nothing in it is split, sorted or read on the way. */
export function instrumentFile(
  template: Template,
  id: number,
  definitions: ReadonlyMap<string, { template: Template; block: Block }>,
  spots: Spots,
): string {
  const name = JSON.stringify(`${prefix}file ${template.path}`);
  return [
    `{{ define ${name} }}${copy(template, template.root, definitions, spots)}{{ end }}`,
    `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: gitops-origin-${id}\ndata:\n  gitops-origin: ${JSON.stringify(template.path)}`,
    `  name: {{ .Template.Name | toJson }}\n  text: {{ include ${name} . | toJson }}\n`,
  ].join("\n");
}

function copy(
  template: Template,
  block: Block,
  definitions: ReadonlyMap<string, unknown>,
  spots: Spots,
): string {
  const { text } = template;
  const slice = ({ start, end }: { start: number; end: number }) => text.slice(start, end);
  let result = "";
  // The loop whose `end` comes next, behind its `else` where it has one.
  let head: Block | undefined;
  for (const node of block.children) {
    if (node.kind === "text") result += copyText(template, node, spots);
    else if (node.kind === "action") result += copyAction(template, node, definitions, spots);
    else if (node.name !== undefined) {
      // Named templates are copied elsewhere; what remains is what they trim.
      result += `{{${node.opens?.trimLeft ? "-" : ""} /* */ ${node.closes?.trimRight ? "-" : ""}}}`;
    } else {
      if (node.opens?.keyword !== "else") head = node;
      const mark = (kind: Mark) =>
        spots.mark(kind, { template, node: head ?? node, offset: (head ?? node).start });
      const opens = node.opens as Action;
      result +=
        node.keyword === "range"
          ? `{{${opens.trimLeft ? "- " : " "}"${mark("l")}" }}{{ ${slice(opens.inner)} }}{{ "${mark("i")}"${opens.trimRight ? " -" : " "}}}`
          : slice(opens);
      result += copy(template, node, definitions, spots);
      if (node.closes?.keyword !== "end") continue;
      const { trimLeft, trimRight } = node.closes;
      result +=
        head?.keyword === "range"
          ? `{{${trimLeft ? "- " : " "}end }}{{ "${mark("e")}"${trimRight ? " -" : " "}}}`
          : slice(node.closes);
    }
  }
  return result;
}

function copyText(template: Template, node: Text, spots: Spots): string {
  // Before what stands on the line, not before the white space, which a neighbour may trim.
  return template.text
    .slice(node.start, node.end)
    .replace(/^([^\S\n]*)(\S)/gm, (_all, space: string, first: string, at: number) => {
      return `${space}${spots.mark("t", { template, node, offset: node.start + at + space.length })}${first}`;
    });
}

function copyAction(
  template: Template,
  node: Action,
  definitions: ReadonlyMap<string, unknown>,
  spots: Spots,
): string {
  const own = template.text.slice(node.start, node.end);
  const prints =
    node.keyword === "template" || (node.keyword === "" && node.pipeline?.variables.length === 0);
  if (!prints || !node.pipeline) return own;
  const spot = { template, node, offset: node.start };
  const name = includedBy(node);
  let inner = template.text.slice(node.inner.start, node.inner.end);
  if (name && definitions.has(name.value)) {
    const at = name.start - node.inner.start;
    inner = inner.slice(0, at) + prefix + inner.slice(at);
  }
  const before = `{{${node.trimLeft ? "- " : " "}"${spots.mark("a", spot)}" }}`;
  const after = `{{ "${spots.mark("z", spot)}"${node.trimRight ? " -" : " "}}}`;
  return `${before}{{ ${inner} }}${after}`;
}

const transparent = new Set(["nindent", "indent", "trim"]);

/** The name of the template whose output an action prints as it is, indented at most. */
export function includedBy({ keyword, pipeline }: Action): Extract<Operand, { kind: "text" }> | undefined {
  const [first, ...rest] = pipeline?.commands ?? [];
  if (!first) return undefined;
  const [call, name] =
    keyword === "template" ? [{ kind: "function", name: "include" } as const, first[0]] : first;
  if (call?.kind !== "function" || call.name !== "include" || name?.kind !== "text") return undefined;
  const passes = rest.every(([each]) => each?.kind === "function" && transparent.has(each.name));
  return passes ? name : undefined;
}

/** Whether any node of a template is of the given kind; for the rare ones that are not copied. */
export function uses(template: Template, keyword: string): boolean {
  return [...nodesOf(template.root)].some((node) => node.kind === "action" && node.keyword === keyword);
}
