/** A pipeline of a Go template; offsets are those of the template's text. */
export interface Pipeline {
  /** Variables it declares or assigns to. */
  variables: string[];
  commands: Operand[][];
}

export type Operand =
  /** `.a.b`, and `.` with an empty path. */
  | { kind: "field"; path: string[] }
  /** `$x.a`; the name is without the dollar sign, "" is what the template was given. */
  | { kind: "variable"; name: string; path: string[] }
  | { kind: "text"; value: string; start: number }
  | { kind: "constant"; value: string; start: number }
  | { kind: "function"; name: string }
  | { kind: "pipeline"; pipeline: Pipeline; path: string[] };

interface Token {
  kind: "space" | "text" | "raw" | "constant" | "variable" | "field" | "word" | "mark";
  text: string;
  start: number;
}

const patterns: [Token["kind"], RegExp][] = [
  ["space", /\s+/y],
  ["text", /"(?:\\.|[^"\\])*"/y],
  ["raw", /`[^`]*`/y],
  ["constant", /'(?:\\.|[^'\\])*'|[-+]?\.?\d[\w.]*/y],
  ["variable", /\$\w*/y],
  ["field", /\.(?:[A-Za-z_]\w*)?/y],
  ["word", /[A-Za-z_]\w*/y],
  ["mark", /:=|[=|(),]/y],
];

/** Reads what stands in an action behind its keyword; undefined for nothing, and for what is not a pipeline. */
export function parsePipeline(text: string, offset: number): Pipeline | undefined {
  const tokens = tokenize(text, offset);
  if (!tokens || tokens.every(({ kind }) => kind === "space")) return undefined;
  const state = { tokens, next: 0, depth: 0 };
  const pipeline = readPipeline(state);
  return state.next === tokens.length ? pipeline : undefined;
}

function tokenize(text: string, offset: number): Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const found = patterns.find(([, pattern]) => {
      pattern.lastIndex = at;
      return pattern.test(text);
    });
    if (!found) return undefined;
    const end = found[1].lastIndex;
    tokens.push({ kind: found[0], text: text.slice(at, end), start: offset + at });
    at = end;
  }
  return tokens;
}

interface State {
  tokens: Token[];
  next: number;
  depth: number;
}

/** Deeper parentheses than anybody writes. */
const maxDepth = 100;

function readPipeline(state: State): Pipeline | undefined {
  const variables = readDeclaration(state);
  const commands: Operand[][] = [[]];
  for (;;) {
    const token = state.tokens[state.next];
    if (!token || token.text === ")") break;
    if (token.text === "|") {
      commands.push([]);
      state.next++;
    } else if (token.kind === "space") state.next++;
    else {
      const operand = readOperand(state);
      if (!operand) return undefined;
      commands.at(-1)!.push(operand);
    }
  }
  return commands.every((command) => command.length > 0) ? { variables, commands } : undefined;
}

/** `$x :=`, `$k, $v :=`, `$x =` */
function readDeclaration(state: State): string[] {
  const rest = state.tokens.slice(state.next).filter(({ kind }) => kind !== "space");
  const variables: string[] = [];
  for (let at = 0; rest[at]?.kind === "variable"; at += 2) {
    variables.push(rest[at]!.text.slice(1));
    const behind = rest[at + 1]?.text;
    if (behind === ",") continue;
    if (behind !== ":=" && behind !== "=") return [];
    state.next = state.tokens.indexOf(rest[at + 1]!) + 1;
    return variables;
  }
  return [];
}

function readOperand(state: State): Operand | undefined {
  const token = state.tokens[state.next++]!;
  const { text, start } = token;
  switch (token.kind) {
    case "text":
      return { kind: "text", value: unquote(text), start: start + 1 };
    case "raw":
      return { kind: "text", value: text.slice(1, -1), start: start + 1 };
    case "constant":
      return { kind: "constant", value: text, start };
    case "variable":
      return { kind: "variable", name: text.slice(1), path: readFields(state) };
    case "field": {
      const first = text === "." ? [] : [text.slice(1)];
      return { kind: "field", path: [...first, ...readFields(state)] };
    }
    case "word":
      if (text === "true" || text === "false" || text === "nil")
        return { kind: "constant", value: text, start };
      return { kind: "function", name: text };
    default:
      break;
  }
  if (text !== "(") return undefined;
  if (++state.depth > maxDepth) return undefined;
  const pipeline = readPipeline(state);
  state.depth--;
  if (!pipeline || state.tokens[state.next++]?.text !== ")") return undefined;
  return { kind: "pipeline", pipeline, path: readFields(state) };
}

/** Fields follow without a space. */
function readFields(state: State): string[] {
  const path: string[] = [];
  for (let token = state.tokens[state.next]; token?.kind === "field" && token.text !== "."; ) {
    path.push(token.text.slice(1));
    token = state.tokens[++state.next];
  }
  return path;
}

function unquote(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}
