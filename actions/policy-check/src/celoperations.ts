const comparison = /request\.operation\s*(==|!=|in)\s*(\[[^\]]*\]|"[^"]*"|'[^']*')/g;

/**
 * Whether an expression in CEL asks for an operation that is no creation, so that what it asks of it is not asked here:
 * `request.operation == 'UPDATE' && ...`, `request.operation != 'UPDATE' || ...`. What lets other operations pass
 * (`request.operation == 'DELETE' || ...`) and what names a creation among others says all it has to say. Grouping is not
 * looked at. Of a condition (`isCondition`) only what leaves creations out counts.
 */
export function asksOtherOperation(expression: string, isCondition = false): boolean {
  for (const match of expression.matchAll(comparison)) {
    const [text, operator, values = ""] = match;
    let isTrue = /["']CREATE["']/.test(values) === (operator !== "!=");
    const start = expression.slice(0, match.index);
    if (/!\s*\(\s*$/.test(start)) isTrue = !isTrue;
    const before = start.replace(/[\s(!]+$/, "");
    const after = expression.slice(match.index + text.length).replace(/^[\s)]+/, "");
    const isAlternative = isOther(after, /^\|\|/) || isOther(before, /\|\|$/);
    if (isTrue && !isCondition && isAlternative) return true;
    if (isTrue) continue;
    // `... == 'DELETE' ? true : ...` says that others are looked at.
    if (/^&&|^\?(?!\s*true\b)/.test(after) || /&&$/.test(before)) return true;
    if (before === "" && after === "") return true;
  }
  return false;
}

/** Whether an operator stands there with something else behind it than another operation. */
function isOther(text: string, operator: RegExp): boolean {
  if (!operator.test(text)) return false;
  const rest = text.replace(operator, "").replace(/^[\s(!]+|[\s)]+$/g, "");
  return !/^request\.operation\b/.test(rest) && !/request\.operation\s*(?:==|!=|in)\s*[^&|]*$/.test(rest);
}
