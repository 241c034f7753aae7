/** A piece of Rego or CEL. */
export interface Token {
  kind: "name" | "text" | "mark";
  /** A text without its quotes. */
  value: string;
  /** Whether there is white space before it. */
  isSpaced: boolean;
}

const comments = { rego: /#[^\n]*/y, cel: /\/\/[^\n]*/y };

const patterns = {
  space: /\s+/y,
  name: /[A-Za-z_]\w*/y,
  // Three quotes are CEL's, backticks Rego's.
  text: /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y,
  mark: /:=|[=!<>]=|\.\?|\[\?|&&|\|\||[\s\S]/y,
};

/** Takes code apart, as far as is needed to see which fields it reads: comments go, and no text is taken for code. */
export function tokensOf(code: string, language: "rego" | "cel"): Token[] {
  const tokens: Token[] = [];
  let isSpaced = false;
  for (let at = 0; at < code.length; ) {
    const take = (pattern: RegExp): string | undefined => {
      pattern.lastIndex = at;
      const found = pattern.exec(code)?.[0];
      at += found?.length ?? 0;
      return found;
    };
    if (take(patterns.space) !== undefined || take(comments[language]) !== undefined) {
      isSpaced = true;
      continue;
    }
    const text = take(patterns.text);
    const before = tokens.at(-1);
    if (text !== undefined) {
      const quotes = /^(?:"""|''')/.test(text) ? 3 : 1;
      const value = text.slice(quotes, -quotes);
      // What stands in `$"..."` between braces is code again.
      if (before?.value === "$" && before.kind === "mark" && !isSpaced)
        tokens.push(...tokensOf(value, language));
      tokens.push({ kind: "text", value, isSpaced });
    } else {
      const name = take(patterns.name);
      tokens.push(
        name === undefined
          ? { kind: "mark", value: take(patterns.mark)!, isSpaced }
          : { kind: "name", value: name, isSpaced },
      );
    }
    isSpaced = false;
  }
  return tokens;
}
