import { type ensureTool, type JqQuestion, jqPaths, type Machine, type Tool } from "@gitops-actions/engine";
import { type JsonObject, splitPointer } from "@gitops-actions/manifest";
import { ToolError } from "@gitops-actions/report";
import type { ResolvedRule } from "./coverage.ts";
import { type Path, parseJqPath } from "./path.ts";
import type { IgnoreRule } from "./rule.ts";

/** One object with the rules that select it. */
export interface Governed {
  desired: JsonObject;
  live: JsonObject | undefined;
  rules: readonly IgnoreRule[];
}

/** The rules of each object with the places they name; a text where a rule cannot be asked. In the order given. */
export interface Resolution {
  objects: (ResolvedRule[] | { unread: string })[];
  /** gojq, when a rule needed it. */
  tool: Tool | undefined;
}

/**
 * Asks jq which places the rules name. gojq is got and started once for all objects, and only when an expression is more
 * than a path. Throws nothing for a tool that is not to be had: the objects concerned say so.
 */
export async function resolveRules(
  governed: readonly Governed[],
  obtain: () => ReturnType<typeof ensureTool>,
  machine: Machine,
  signal: AbortSignal,
): Promise<Resolution> {
  const asked: JqQuestion[] = [];
  const index = new Map<string, number>();
  for (const [object, { desired, live, rules }] of governed.entries())
    for (const expression of rules.flatMap(({ jq }) => jq))
      if (!parseJqPath(expression))
        for (const [side, value] of [
          ["desired", desired],
          ["live", live],
        ] as const) {
          const key = `${object} ${side} ${expression}`;
          if (value === undefined || index.has(key)) continue;
          index.set(key, asked.length);
          asked.push({ expression, value });
        }
  if (asked.length === 0)
    return { objects: governed.map((each) => resolve(each, () => [])), tool: undefined };
  let tool: Tool;
  try {
    tool = await obtain();
  } catch (error) {
    if (!(error instanceof ToolError) || signal.aborted) throw error;
    const unread = `an ignore rule needs gojq, which is not to be had: ${error.message}`;
    const needs = ({ rules }: Governed): boolean =>
      rules.some(({ jq }) => jq.some((each) => !parseJqPath(each)));
    return {
      objects: governed.map((each) => (needs(each) ? { unread } : resolve(each, () => []))),
      tool: undefined,
    };
  }
  const answers = await jqPaths(asked, tool, machine, signal);
  const objects = governed.map((each, object) =>
    resolve(each, (side, expression) => {
      const at = index.get(`${object} ${side} ${expression}`);
      if (at === undefined) return [];
      const answer = answers[at]!;
      return "paths" in answer ? answer.paths.map((path) => path.map(String)) : answer.failure;
    }),
  );
  return { objects, tool };
}

type Asked = (side: "desired" | "live", expression: string) => Path[] | string;

function resolve({ rules }: Governed, ask: Asked): ResolvedRule[] | { unread: string } {
  const resolved: ResolvedRule[] = [];
  for (const rule of rules) {
    const places: Record<"desired" | "live", Path[]> = { desired: [], live: [] };
    for (const side of ["desired", "live"] as const) {
      places[side].push(...rule.pointers.map(splitPointer));
      for (const expression of rule.jq) {
        const plain = parseJqPath(expression);
        const paths = plain ? [plain] : ask(side, expression);
        if (typeof paths === "string")
          return { unread: `the ignore rule of ${rule.by} cannot be asked: \`${expression}\`: ${paths}` };
        places[side].push(...paths);
      }
    }
    resolved.push({ rule, ...places });
  }
  return resolved;
}
