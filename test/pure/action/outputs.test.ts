import { inert, makeMask, printToolOutput, secretsOf } from "@gitops-actions/action";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commandReader, lineSplitter } from "../../runner/commands.ts";

/** What the runner makes of what is printed, in chunks of any size. */
function runnerReads(text: string, chunk = text.length || 1) {
  const reader = commandReader();
  const lines = lineSplitter((line) => reader.take(line, "stdout"));
  for (let at = 0; at < text.length; at += chunk) lines.push(text.slice(at, at + chunk));
  lines.end();
  return reader;
}

const piece = fc.constantFrom(
  ...[
    "::set-output name=a::b",
    "::stop-commands::x",
    "::add-mask::e",
    "::error::",
    "::",
    ":",
    "##[error]",
    "##[set-output name=a;]b",
    "##[",
    "#",
    "[",
    "]",
  ],
  ...[
    "\n",
    "\r",
    "\r\n",
    "\u0085",
    "\u2028",
    " ",
    "\t",
    "\u00a0",
    "\u3000",
    "\ufeff",
    "\u000b",
    "\u000c",
    "word",
    "\0",
    "%0A",
  ],
);
const hostile = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary" }),
);

describe("the stand-in for the runner", () => {
  test("carries out what the runner carries out, or the tests below would prove nothing", () => {
    const { commands } = runnerReads(
      "  ::set-output name=a::b%0Ac\nx ##[error file=f;line=1]boo\r::WARNING file=a%2Cb::w\n::nonsense::x\n::error\n",
    );
    expect(commands).toEqual([
      { command: "set-output", properties: { name: "a" }, data: "b\nc", stream: "stdout" },
      { command: "error", properties: { file: "f", line: "1" }, data: "boo", stream: "stdout" },
      { command: "WARNING", properties: { file: "a,b" }, data: "w", stream: "stdout" },
    ]);
  });

  test("stops and resumes", () => {
    const { commands, log } = runnerReads("::stop-commands::tok\n::error::hidden\n::tok::\n::error::seen\n");
    expect(commands.map(({ data }) => data)).toEqual(["seen"]);
    expect(log).toEqual(["::error::hidden"]);
  });
});

describe("inert text", () => {
  test("holds no command, whatever the text and however it is cut into writes", () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 40 }), (text, chunk) => {
        expect(runnerReads(inert(text), chunk).commands).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  test("is the text itself where there is nothing to break", () => {
    for (const text of ["a::b", "std::vector", "x ::y", "# [x]", "::\u200b".slice(2), "image: a:b\n  - c"])
      expect(inert(text)).toBe(text);
    expect(inert("::error::x")).toBe(": :error::x");
    expect(inert("a\n \t::error::x")).toBe("a\n \t: :error::x");
    expect(inert("###[x]")).toBe("## #[x]");
  });

  test("takes time in proportion to the text", () => {
    const began = performance.now();
    inert(" ".repeat(2_000_000));
    inert("\n".repeat(2_000_000));
    inert(":".repeat(2_000_000));
    inert("#".repeat(2_000_000));
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe("a tool's output", () => {
  test("cannot act as a command, nor end the pause of commands", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        let written = "";
        printToolOutput({ env: { GITHUB_ACTIONS: "true" } }, text, (more) => {
          written += more;
        });
        const after = runnerReads(`${written}::notice::alive\n`);
        expect(after.commands.map(({ command, data }) => [command, data])).toEqual([["notice", "alive"]]);
      }),
      { numRuns: 1_000 },
    );
  });

  test("is printed without ceremony on a terminal, its control characters visible", () => {
    let written = "";
    printToolOutput({ env: {} }, "a\u001b[2Jb\nc", (more) => {
      written += more;
    });
    expect(written).toBe("a\\x1b[2Jb\nc\n");
  });
});

describe("secrets", () => {
  const token = "ghs_16C7e42F292c6912E7710c838347Ae178B4a";

  test("are the tokens that were given and the runner's own", () => {
    const env = {
      INPUT_TOKEN: "a1",
      "INPUT_GITHUB-TOKEN": "a2",
      ACTIONS_RUNTIME_TOKEN: "a3",
      GITHUB_TOKEN: "a4",
      INPUT_PATH: "b",
      HOME: "c",
      GH_TOKEN: "",
    };
    expect(secretsOf({ env }).sort()).toEqual(["a1", "a2", "a3", "a4"]);
  });

  test("are masked in every form in which tools repeat them", () => {
    const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
    const text = `https://x:${token}@github.com ${encodeURIComponent(token)} AUTHORIZATION: basic ${basic} ${Buffer.from(token).toString("base64")}`;
    const masked = makeMask([token])(text);
    expect(masked).toBe("https://x:***@github.com *** AUTHORIZATION: basic *** ***");
  });

  test("are masked with special characters in JSON and in URLs", () => {
    const odd = 'pass"word\\with%20/odd';
    expect(makeMask([odd])(JSON.stringify({ odd }))).toBe('{"odd":"***"}');
    expect(makeMask([odd])(encodeURIComponent(odd))).toBe("***");
  });

  test("that are short words are left alone", () => {
    expect(makeMask(["true", "", "is"])("this is true dHJ1ZQ==")).toBe("this is true dHJ1ZQ==");
  });
});
