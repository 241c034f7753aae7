import type { Host } from "@gitops-actions/action";
import { UsageError } from "@gitops-actions/report";
import { type Arguments, spellings } from "./arguments.ts";

/**
 * The inputs of an action as they were typed: read by the action's own reader, so that a command and a step take the same
 * words and refuse the same ones. `more` are inputs that no option gives, or that it gives otherwise.
 * Throws what the reader throws, with the option's name.
 */
export function readTyped<Inputs>(
  read: (host: Pick<Host, "env" | "cwd">) => Inputs,
  args: Arguments,
  { cwd }: Pick<Host, "cwd">,
  more: Readonly<Record<string, string>> = {},
): Inputs {
  const env: Record<string, string> = {};
  const put = (name: string, value: string) => {
    env[`INPUT_${name.toUpperCase()}`] = value;
  };
  for (const [name, { input = name, raw }] of Object.entries(args.options)) {
    const value = args.flags[name];
    if (raw || value === undefined) continue;
    put(input, Array.isArray(value) ? value.join("\n") : String(value));
  }
  for (const [name, value] of Object.entries(more)) put(name, value);
  return read({ env, cwd });
}

/** What an action says to do about its token, for somebody at a terminal, who has no step to give one to. */
export function withTokenNames(text: string): string {
  return text
    .replace(/\bgive the action a token\b/g, "set GITHUB_TOKEN to a token")
    .replace(/\bset the input 'token'/g, "set GITHUB_TOKEN")
    .replace(/\bgive `token` one of/g, "set GITHUB_TOKEN to one of")
    .replace(/\bgive `token` (?=[a-z-]+: )/g, "give the one in GITHUB_TOKEN ")
    .replace(
      /\bGive the job the permissions (.*?), or `token` one of (a GitHub App)/g,
      "Set GITHUB_TOKEN to one with $1, or to one of $2",
    );
}

/** An error as somebody at a terminal should read it: what it says of `input 'x'` or `x:` is said of the option. */
export function withOptionNames(error: unknown, { options }: Arguments): unknown {
  if (!(error instanceof UsageError)) return error;
  const optionOf = (input: string): string | undefined => {
    const found = Object.entries(options).find(
      ([name, option]) => option.input === input || spellings(name, option).includes(input),
    );
    return found && `--${found[0]}`;
  };
  const message = withTokenNames(error.message)
    .replace(/input '([a-z-]+)'/g, (whole, input: string) => optionOf(input) ?? whole)
    .replace(/^([a-z]+(?:-[a-z]+)+)(?=: )/, (whole, input: string) => optionOf(input) ?? whole);
  return message === error.message ? error : new UsageError(message, { cause: error });
}
