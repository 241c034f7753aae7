import { isObject } from "@gitops-actions/manifest";
import { type Block, nodesOf, type TemplateNode } from "./gotemplate.ts";
import type { Template } from "./instrument.ts";
import type { Operand, Pipeline } from "./pipeline.ts";
import type { Step } from "./trail.ts";
import type { Values } from "./values.ts";

/** What the value of an expression may come from. */
export type Source =
  | { kind: "root" }
  /** A value of the chart; with `key` the name of the last field instead. */
  | { kind: "values"; path: string[]; key?: boolean }
  | { kind: "chart"; path: string[] }
  /** A mapping or list that the template makes. */
  | { kind: "made"; entries: [string, () => Source[]][] }
  /** What stands in the template. */
  | { kind: "text"; value: string; template: Template; offset: number }
  /** Several printed one after the other, text of the template among them. */
  | { kind: "joined"; parts: (string | (() => Source[]))[] }
  /** One of several, and which is not known. */
  | { kind: "either"; sources: Source[] }
  /** A file of the chart, by its path in it. */
  | { kind: "file"; path: string };

/** One execution of a template: what it was given, and the loops it is in. */
export interface Frame {
  template: Template;
  dot: () => Source[];
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
  definitions: ReadonlyMap<string, { template: Template; block: Block }>;
  /** How many expressions may still be looked into: templates may include themselves. */
  budget: number;
}

/** Everything that a pipeline's value may have been made from, the likeliest first. */
export function sourcesOf(pipeline: Pipeline, place: Place, world: World): Source[] {
  if (world.budget-- <= 0) return [];
  let piped: Source[] | undefined;
  for (const command of pipeline.commands) piped = ofCommand(command, place, world, piped);
  return piped ?? [];
}

function ofCommand(operands: readonly Operand[], place: Place, world: World, piped?: Source[]): Source[] {
  const [first, ...rest] = operands;
  if (!first) return [];
  if (first.kind !== "function") {
    const [name] = rest;
    if (first.kind === "field" || first.kind === "variable") {
      if (first.path.slice(-2).join(".") === "Files.Get" && name?.kind === "text")
        return [{ kind: "file", path: name.value }];
    }
    return ofOperand(first, place, world);
  }
  const args = rest.map((operand) => () => ofOperand(operand, place, world));
  if (piped) args.push(() => piped);
  const keys = rest.map((operand) =>
    operand.kind === "text" || operand.kind === "constant" ? operand.value : undefined,
  );
  return ofCall(first.name, args, keys, world);
}

function ofCall(
  name: string,
  args: (() => Source[])[],
  keys: (string | undefined)[],
  world: World,
): Source[] {
  const all = (some: readonly (() => Source[])[]) => some.flatMap((arg) => arg());
  switch (name) {
    case "include":
    case "template":
      return keys[0] === undefined ? [] : ofInclude(keys[0], args[1] ?? (() => []), world);
    case "tpl":
      return args[0]?.() ?? [];
    case "printf":
      return keys[0] === undefined
        ? all(args)
        : [{ kind: "joined", parts: formatted(keys[0], args.slice(1)) }];
    case "print":
      return [{ kind: "joined", parts: args.map((arg, index) => keys[index] ?? arg) }];
    case "default":
      return all(args.toReversed());
    case "ternary":
      return either(all(args.slice(0, 2)));
    case "dict":
      return [{ kind: "made", entries: pairs(args, keys) }];
    case "list":
    case "tuple":
      return [{ kind: "made", entries: args.map((arg, index) => [String(index), arg]) }];
    case "set":
      return [
        { kind: "made", entries: keys[1] === undefined ? [] : [[keys[1], args[2] ?? (() => [])]] },
        ...all(args.slice(0, 1)),
      ];
    case "index":
    case "get": {
      const path = keys.slice(1);
      if (path.some((key) => key === undefined)) return [];
      return descend(args[0]?.() ?? [], path as string[]);
    }
    case "dig": {
      const path = keys.slice(0, -1);
      return [
        ...(path.every((key) => key !== undefined) ? descend(args.at(-1)!(), path as string[]) : []),
        ...all(args.slice(-2, -1)),
      ];
    }
    case "first":
      return descend(args[0]?.() ?? [], ["0"]);
    // Lists whose items are no longer where they were.
    case "append":
    case "prepend":
    case "concat":
    case "uniq":
    case "without":
    case "compact":
    case "sortAlpha":
    case "reverse":
    case "rest":
    case "initial":
    case "slice":
    case "keys":
    case "values":
    case "lookup":
    case "until":
    case "eq":
    case "ne":
    case "not":
    case "hasKey":
    case "contains":
    case "len":
      return [];
    case "coalesce":
    case "or":
      return all(args);
    default:
      return either(all(args));
  }
}

function either(sources: Source[]): Source[] {
  return sources.length > 1 ? [{ kind: "either", sources }] : sources;
}

/** The parts of a format of fmt.Sprintf. */
function formatted(format: string, args: readonly (() => Source[])[]): (string | (() => Source[]))[] {
  let next = 0;
  const parts = format.split(/(%%|%[-+# 0-9.]*[a-zA-Z])/).map((part, index) => {
    if (index % 2 === 0) return part;
    return part === "%%" ? "%" : (args[next++] ?? (() => []));
  });
  return parts.filter((part) => part !== "");
}

function pairs(args: (() => Source[])[], keys: (string | undefined)[]): [string, () => Source[]][] {
  const entries: [string, () => Source[]][] = [];
  for (let at = 0; at + 1 < args.length; at += 2) {
    const key = keys[at];
    if (key !== undefined) entries.push([key, args[at + 1]!]);
  }
  return entries;
}

function ofOperand(operand: Operand, place: Place, world: World): Source[] {
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
      return ofCall(operand.name, [], [], world);
    default:
      return [{ kind: "text", value: operand.value, template, offset: operand.start }];
  }
}

/** The fields that a path leads to from each source. */
export function descend(sources: readonly Source[], path: readonly string[]): Source[] {
  const [key, ...rest] = path;
  if (key === undefined) return [...sources];
  const next = sources.flatMap((source): Source[] => {
    switch (source.kind) {
      case "root":
        if (key === "Values") return [{ kind: "values", path: [] }];
        return key === "Chart" ? [{ kind: "chart", path: [] }] : [];
      case "values":
      case "chart":
        return [{ ...source, path: [...source.path, key] }];
      case "made":
        return source.entries.flatMap(([name, value]) => (name === key ? value() : []));
      case "either":
        return either(descend(source.sources, [key]));
      default:
        return [];
    }
  });
  return descend(next, rest);
}

/** What `.` stands for at a place. */
function dotAt({ frame, block }: Place, world: World): Source[] {
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
function elementsOf(block: Block, frame: Frame, world: World, key: boolean): Source[] {
  const turn = turnOf(block, frame.step);
  if (!block.pipeline || turn === undefined) return [];
  return sourcesOf(block.pipeline, outside(frame, block), world).flatMap((source): Source[] => {
    if (source.kind === "made") {
      const isList = source.entries.every(([name], index) => name === String(index));
      const entries = isList
        ? source.entries
        : source.entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      return key ? [] : (entries[turn]?.[1]() ?? []);
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
function ofVariable(name: string, place: Place, world: World): Source[] {
  const { frame } = place;
  const found: Source[] = [];
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
function ofInclude(name: string, given: () => Source[], world: World): Source[] {
  const definition = world.definitions.get(name);
  if (!definition || world.budget-- <= 0) return [];
  const { template, block } = definition;
  return ofBody(block, { template, dot: given }, world);
}

/** What a block prints: its parts together where nothing in it is conditional, else each of them. */
function ofBody(block: Block, frame: Frame, world: World): Source[] {
  const printing = block.children.filter((node) => prints(node, frame.template));
  const parts = printing.map((node): string | (() => Source[]) => {
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

function ofText(template: Template, { start, end }: TemplateNode): Source[] {
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
