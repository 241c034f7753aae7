import { isObject } from "@gitops-actions/manifest";
import { ofCall } from "./call.ts";
import { type Cause, descend, either } from "./cause.ts";
import { type Block, nodesOf, type TemplateNode } from "./gotemplate.ts";
import type { Template } from "./instrument.ts";
import type { Operand, Pipeline } from "./pipeline.ts";
import type { Step } from "./trail.ts";
import type { Values } from "./values.ts";

/** One execution of a template: what it was given, and the loops it is in. */
export interface Frame {
  template: Template;
  dot: () => Cause[];
  step?: Step;
}

/** A place in a template that is executed. */
export interface Place {
  frame: Frame;
  block: Block;
  offset: number;
}

/** What expressions refer to. */
export interface World {
  values: Values;
  /** Paths of the chart's files that fit a pattern, in order. */
  filesMatching(pattern: string): string[];
  definitions: ReadonlyMap<string, { template: Template; block: Block }>;
  /** How many expressions may still be looked into: templates may include themselves. */
  budget: number;
}

/** Everything that a pipeline's value may have been made from, the likeliest first. */
export function sourcesOf(pipeline: Pipeline, place: Place, world: World): Cause[] {
  if (world.budget-- <= 0) return [];
  let piped: Cause[] | undefined;
  for (const command of pipeline.commands) piped = ofCommand(command, place, world, piped);
  return piped ?? [];
}

function ofCommand(operands: readonly Operand[], place: Place, world: World, piped?: Cause[]): Cause[] {
  const [first, ...rest] = operands;
  if (!first) return [];
  if (first.kind !== "function") {
    const [name] = rest;
    if (first.kind === "field" || first.kind === "variable") {
      const method = first.path.slice(-2).join(".");
      if (method === "Files.Glob" && name?.kind === "text") return [{ kind: "files", pattern: name.value }];
      if (method === "Files.Get" && name) return filesOf(name, place, world);
    }
    return ofOperand(first, place, world);
  }
  const args = rest.map((operand) => () => ofOperand(operand, place, world));
  if (piped) args.push(() => piped);
  const keys = rest.map((operand) =>
    operand.kind === "text" || operand.kind === "constant" ? operand.value : undefined,
  );
  return ofCall(first.name, args, keys, (template, given) => ofInclude(template, given, world));
}

/** The file that an argument of `.Files.Get` names. */
function filesOf(name: Operand, place: Place, world: World): Cause[] {
  if (name.kind === "text") return [{ kind: "file", path: name.value }];
  const sources = ofOperand(name, place, world);
  return sources.flatMap((source) =>
    source.kind === "file" && source.key ? [{ kind: "file", path: source.path }] : [],
  );
}

function ofOperand(operand: Operand, place: Place, world: World): Cause[] {
  const { template } = place.frame;
  switch (operand.kind) {
    case "field":
      return descend(dotAt(place, world), operand.path);
    case "variable":
      return descend(
        operand.name === "" ? place.frame.dot() : ofVariable(operand.name, place, world),
        operand.path,
      );
    case "pipeline":
      return descend(sourcesOf(operand.pipeline, place, world), operand.path);
    case "function":
      return ofCall(operand.name, [], [], () => []);
    default:
      return [{ kind: "text", value: operand.value, template, offset: operand.start }];
  }
}

/** What `.` stands for at a place. */
function dotAt({ frame, block }: Place, world: World): Cause[] {
  for (let each: Block | undefined = block; each; each = each.parent) {
    if (each.keyword === "define" || each.keyword === "file") return frame.dot();
    if (each.pipeline && each.keyword === "with")
      return sourcesOf(each.pipeline, outside(frame, each), world);
    if (each.pipeline && each.keyword === "range") return elementsOf(each, frame, world, false);
  }
  return [];
}

function outside(frame: Frame, block: Block): Place {
  return { frame, block: block.parent ?? block, offset: block.opens?.start ?? 0 };
}

/** The element of a list or mapping that a loop is at, or its key. */
function elementsOf(block: Block, frame: Frame, world: World, key: boolean): Cause[] {
  const turn = turnOf(block, frame.step);
  if (!block.pipeline || turn === undefined) return [];
  return sourcesOf(block.pipeline, outside(frame, block), world).flatMap((source): Cause[] => {
    if (source.kind === "made") {
      const isList = source.entries.every(([name], index) => name === String(index));
      const entries = isList
        ? source.entries
        : source.entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      return key ? [] : (entries[turn]?.[1]() ?? []);
    }
    if (source.kind === "files") {
      const path = world.filesMatching(source.pattern)[turn];
      return path === undefined ? [] : [{ kind: "file", path, key }];
    }
    if (source.kind !== "values") return [];
    const value = world.values.merged(source.path);
    if (Array.isArray(value) && !key) return [{ kind: "values", path: [...source.path, String(turn)] }];
    const name = isObject(value) ? Object.keys(value).sort()[turn] : undefined;
    return name === undefined ? [] : [{ kind: "values", path: [...source.path, name], ...(key && { key }) }];
  });
}

function turnOf(block: Block, step: Step | undefined): number | undefined {
  for (let each = step; each; each = each.outer) {
    if (each.kind === "loop" && each.spot.node === block) return each.turn;
  }
  return undefined;
}

/** What a variable may have been given before a place, the last first. */
function ofVariable(name: string, place: Place, world: World): Cause[] {
  const { frame } = place;
  const found: Cause[] = [];
  let { offset } = place;
  for (let block: Block | undefined = place.block; block; block = block.parent) {
    const before = [...nodesWithParents(block)].filter(({ node }) => node.start < offset).toReversed();
    for (const { node, parent } of before) {
      if (node.kind !== "action" || node.keyword !== "" || !node.pipeline?.variables.includes(name)) continue;
      found.push(...sourcesOf(node.pipeline, { frame, block: parent, offset: node.start }, world));
    }
    const variables = block.pipeline?.variables ?? [];
    if (block.pipeline && variables.includes(name)) {
      const isKey = block.keyword === "range" && variables.length === 2 && variables[0] === name;
      found.push(
        ...(block.keyword === "range"
          ? elementsOf(block, frame, world, isKey)
          : sourcesOf(block.pipeline, outside(frame, block), world)),
      );
    }
    offset = block.opens?.start ?? 0;
  }
  return either(found);
}

/** Everything that a named template prints, wherever its conditions lead. */
function ofInclude(name: string, given: () => Cause[], world: World): Cause[] {
  const definition = world.definitions.get(name);
  if (!definition || world.budget-- <= 0) return [];
  const { template, block } = definition;
  return ofBody(block, { template, dot: given }, world);
}

/** What a block prints: its parts together where nothing in it is conditional, else each of them. */
function ofBody(block: Block, frame: Frame, world: World): Cause[] {
  const printing = block.children.filter((node) => prints(node, frame.template));
  const parts = printing.map((node): string | (() => Cause[]) => {
    if (node.kind === "block") return () => ofBody(node, frame, world);
    if (node.kind === "text") return frame.template.text.slice(node.start, node.end);
    const { pipeline } = node as { pipeline: Pipeline };
    return () => sourcesOf(pipeline, { frame, block, offset: node.start }, world);
  });
  const [only] = parts;
  if (parts.length === 1 && typeof only === "function") return only();
  if (parts.length === 1) return ofText(frame.template, printing[0]!);
  const nested = printing.some((node) => node.kind === "block");
  return nested
    ? either(parts.flatMap((part) => (typeof part === "function" ? part() : [])))
    : [{ kind: "joined", parts }];
}

function prints(node: TemplateNode, template: Template): boolean {
  if (node.kind === "text") return template.text.slice(node.start, node.end).trim() !== "";
  if (node.kind === "block") return node.name === undefined;
  const printing =
    node.keyword === "template" || (node.keyword === "" && node.pipeline?.variables.length === 0);
  return printing && node.pipeline !== undefined;
}

function ofText(template: Template, { start, end }: TemplateNode): Cause[] {
  const own = template.text.slice(start, end);
  const value = own.trim();
  return value === "" ? [] : [{ kind: "text", value, template, offset: start + own.indexOf(value) }];
}

function* nodesWithParents(block: Block): Generator<{ node: TemplateNode; parent: Block }> {
  for (const node of block.children) {
    yield { node, parent: block };
    if (node.kind === "block" && node.name === undefined) yield* nodesWithParents(node);
  }
}

/** The block that a node stands in. */
export function parentOf(root: Block, node: TemplateNode): Block {
  if (node.kind === "block") return node.parent ?? root;
  for (const each of [root, ...nodesOf(root)]) {
    if (each.kind === "block" && each.children.includes(node)) return each;
  }
  return root;
}
