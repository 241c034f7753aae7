// Reads the `msg` of kubeconform's JSON output: the tree of errors of santhosh-tekuri/jsonschema v6, printed with
// indentation, its line ends then replaced by spaces (kubeconform, pkg/validator). Strings in it are quoted
// ('...', with \' and Go's escapes), so ` - at '` is never a document's own text.

/** One failed keyword. Alternatives of anyOf and oneOf stand in `causes`. */
export interface SchemaError {
  /** JSON Pointer. */
  field: string;
  message: string;
  causes: SchemaError[];
}

interface Node extends SchemaError {
  depth: number;
}

/** The errors of a message of status `statusInvalid`; undefined when the text is not such a message. */
export function parseSchemaErrors(msg: string): SchemaError[] | undefined {
  const starts = findNodes(msg);
  if (starts.length === 0) return undefined;
  const root: Node = { field: "", message: "", causes: [], depth: 0 };
  const open: Node[] = [root];
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1]?.from ?? msg.length;
    const node = {
      field: start.field,
      message: msg.slice(start.to, end).trim(),
      causes: [],
      depth: start.depth,
    };
    while (open.at(-1)!.depth >= node.depth && open.length > 1) open.pop();
    open.at(-1)!.causes.push(node);
    open.push(node);
  }
  return root.causes.flatMap(flatten);
}

interface Start {
  from: number;
  to: number;
  depth: number;
  field: string;
}

/** Finds every ` - at '<pointer>': `; the spaces before the dash tell the depth. */
function findNodes(msg: string): Start[] {
  const found: Start[] = [];
  let position = 0;
  while (position < msg.length) {
    const match = /^( +)- at '/.exec(msg.slice(position, position + 400));
    if (match && msg[position - 1] !== " ") {
      const quote = position + match[0].length - 1;
      const end = endOfString(msg, quote);
      if (msg.startsWith(": ", end)) {
        // One space stands for the line end, two for each level.
        found.push({
          from: position,
          to: end + 2,
          depth: 1 + (match[1]!.length - 1) / 2,
          field: unquote(msg.slice(quote, end)),
        });
        position = end + 2;
        continue;
      }
    }
    position += 1;
  }
  return found;
}

/** Index after the closing quote of the string that opens at `from`. */
function endOfString(text: string, from: number): number {
  let position = from + 1;
  while (position < text.length && text[position] !== "'") position += text[position] === "\\" ? 2 : 1;
  return Math.min(position + 1, text.length);
}

/** Groups ("validation failed") and allOf are not errors of their own. */
function flatten(node: SchemaError): SchemaError[] {
  const isGroup = node.message === "validation failed" || node.message === "'allOf' failed";
  const causes = node.causes.flatMap(flatten);
  return isGroup && causes.length > 0 ? causes : [{ field: node.field, message: node.message, causes }];
}

const simpleEscapes: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** The text of a quoted string: Go's %q, with single quotes and `"` left alone. */
export function unquote(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(
      /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gs,
      (_, x?: string, u?: string, U?: string, one = "") => {
        const code = x ?? u ?? U;
        return code ? String.fromCodePoint(Number.parseInt(code, 16)) : (simpleEscapes[one] ?? one);
      },
    );
}

/** The quoted strings of a list such as `'a', 'b'`; other words (numbers, true, <nil>) as they stand. */
export function splitList(text: string): string[] {
  const items: string[] = [];
  let position = 0;
  while (position < text.length) {
    const end = text[position] === "'" ? endOfString(text, position) : nextComma(text, position);
    const item = text.slice(position, end);
    items.push(item.startsWith("'") ? unquote(item) : item);
    position = end + 2;
  }
  return items;
}

function nextComma(text: string, from: number): number {
  const comma = text.indexOf(", ", from);
  return comma < 0 ? text.length : comma;
}
