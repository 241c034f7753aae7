import { type Cause, descend, either } from "./cause.ts";

/**
 * What a call of a function of Helm's templates may have been made from. `keys` are the arguments that are written down;
 * `include` answers what a named template prints.
 */
export function ofCall(
  name: string,
  args: (() => Cause[])[],
  keys: (string | undefined)[],
  include: (name: string, given: () => Cause[]) => Cause[],
): Cause[] {
  const all = (some: readonly (() => Cause[])[]) => some.flatMap((arg) => arg());
  switch (name) {
    case "include":
    case "template":
      return keys[0] === undefined ? [] : include(keys[0], args[1] ?? (() => []));
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
    default: {
      // What is written down says how (`trunc 63`, `replace "a" "b"`), the rest what.
      const given = args.filter((_arg, index) => keys[index] === undefined);
      if (given.length === 1) return given[0]!();
      return either(all(given.length > 0 ? given : args));
    }
  }
}

/** The parts of a format of fmt.Sprintf. */
function formatted(format: string, args: readonly (() => Cause[])[]): (string | (() => Cause[]))[] {
  let next = 0;
  const parts = format.split(/(%%|%[-+# 0-9.]*[a-zA-Z])/).map((part, index) => {
    if (index % 2 === 0) return part;
    return part === "%%" ? "%" : (args[next++] ?? (() => []));
  });
  return parts.filter((part) => part !== "");
}

function pairs(args: (() => Cause[])[], keys: (string | undefined)[]): [string, () => Cause[]][] {
  const entries: [string, () => Cause[]][] = [];
  for (let at = 0; at + 1 < args.length; at += 2) {
    const key = keys[at];
    if (key !== undefined) entries.push([key, args[at + 1]!]);
  }
  return entries;
}
