import picomatch from "picomatch";
import { at, type Diagnosis } from "./diagnosis.ts";

/** Where GitHub looks for the file, the first that is there counts (docs.github.com, "About code owners"). */
export const ownersPaths = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/** One line of CODEOWNERS. */
export interface OwnersLine {
  line: number;
  pattern: string;
  owners: string[];
}

/** Reads CODEOWNERS. */
export function parseOwners(text: string): OwnersLine[] {
  return text.split(/\r?\n/).flatMap((raw, index) => {
    const [pattern = "", ...owners] = raw
      .replace(/(?:^|\s)#.*$/, "")
      .trim()
      .split(/(?<!\\)\s+/);
    return pattern === "" ? [] : [{ line: index + 1, pattern: pattern.replaceAll("\\ ", " "), owners }];
  });
}

/** Who owns a path: the last line that fits counts, also when it names nobody. */
export function ownersOf(lines: readonly OwnersLine[], path: string): string[] {
  return lines.findLast(({ pattern }) => fits(pattern, path))?.owners ?? [];
}

/** As in .gitignore, without `!` and `[ ]`: a slash at the start or inside ties the pattern to the root. */
function fits(pattern: string, path: string): boolean {
  const tied = pattern.replace(/\/$/, "").includes("/");
  const core = pattern.replace(/^\//, "").replace(/\/$/, "");
  const start = tied ? core : `**/${core}`;
  // `docs/*` is of the files in docs, not of those below.
  const forms = pattern.endsWith("/")
    ? [`${start}/**`]
    : /(?:^|\/)\*$/.test(core) && core !== "*"
      ? [start]
      : [start, `${start}/**`];
  return forms.some((form) =>
    picomatch.isMatch(path, form, { dot: true, nobrace: true, noextglob: true, nobracket: true }),
  );
}

/** Whether every path that production follows from has an owner, and owners are asked. `asked` undefined: not known. */
export function judgeOwners(
  file: { path: string; text: string } | undefined,
  paths: readonly string[],
  asked: boolean | undefined,
  errors: readonly { line: number; kind: string }[] | undefined,
): Diagnosis[] {
  const check = "code-owners";
  if (!file)
    return [
      {
        check,
        on: ownersPaths[0]!,
        state: "wrong",
        severity: "warning",
        message: "there is no CODEOWNERS: whoever may review may approve a change to production",
        help: "Name who owns the folders of production, gitops.yaml and .github/workflows.",
      },
    ];
  const on = file.path;
  const lines = parseOwners(file.text);
  const free = paths.filter((path) => ownersOf(lines, path).length === 0);
  const found: Diagnosis[] =
    free.length === 0
      ? [
          {
            check,
            on,
            state: "fine",
            message: `each of ${paths.length} paths that production follows from has an owner`,
          },
        ]
      : [
          {
            check,
            on,
            state: "wrong",
            severity: "error",
            message: `${free.length} of ${paths.length} paths that production follows from have no owner: ${free.slice(0, 5).join(", ")}${free.length > 5 ? ", ..." : ""}`,
            help: "Add lines for them; the last line that fits a path counts.",
            location: at(on, 1),
          },
        ];
  for (const { line, kind } of errors ?? [])
    found.push({
      check: "code-owners-errors",
      on: `${on}:${line}`,
      state: "wrong",
      severity: "error",
      message: `GitHub does not understand the line (${kind}), and asks nobody because of it`,
      help: "Owners need write access to the repository.",
      location: at(on, line),
    });
  if (!errors)
    found.push({
      check: "code-owners-errors",
      on,
      state: "unknown",
      message: "whether GitHub understands it could not be asked",
    });
  found.push(
    asked === undefined
      ? {
          check: "code-owners-asked",
          on,
          state: "unknown",
          message: "whether a review of owners is required is not told to this token",
        }
      : asked
        ? { check: "code-owners-asked", on, state: "fine", message: "owners must approve" }
        : {
            check: "code-owners-asked",
            on,
            state: "wrong",
            severity: "warning",
            message: "owners are asked, but need not approve",
            help: "Require review from code owners in the ruleset of the branch.",
          },
  );
  return found;
}
