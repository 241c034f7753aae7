import {
  codeSpan,
  escapeMarkdown,
  fence,
  folded,
  formatMarkdown,
  MARKDOWN_LIMITS,
  markerComment,
  visible,
  visibleLines,
} from "@gitops-actions/report";
import fc from "fast-check";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { describe, expect, test } from "vitest";
import { hostileReport, hostileText, manyFindings, reportOf } from "./samples.ts";

/** What a CommonMark processor with GitHub's extensions makes of it, raw HTML let through. */
function render(markdown: string): string {
  return micromark(markdown, {
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
  });
}

/** The text a reader sees in HTML, and the names of the elements around it. */
function readHtml(html: string): { text: string; elements: string[] } {
  const elements = [...html.matchAll(/<([a-z][a-z0-9]*|!--)/gi)].map(([, name]) => name!.toLowerCase());
  const text = html
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
  return { text, elements };
}

// GitHub's own extensions work on the text of the rendered page, outside code (jch/html-pipeline, mention and issue filters).
const MENTION = /(^|[^\w`/])@[a-z0-9]/i;
const REFERENCE = /(^|[^\w&])(#|gh-)\d/i;
const ADDRESS = /https?:\/\/|(^|\W)www\./i;
const COMMIT = /\b[0-9a-f]{7,40}\b/;

describe("escaped text", () => {
  test("shows exactly the text, on one line, with no element, mention, reference or link", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const { text: seen, elements } = readHtml(render(`- x ${escapeMarkdown(text)} x`));
        const plain = seen.trim();
        expect(elements).toEqual(["ul", "li"]);
        // A browser joins white space, and so does the processor at the end of a line.
        expect(plain.replaceAll("\u200b", "").replace(/\s+/g, " ")).toBe(
          `x ${visible(text)} x`.replace(/\s+/g, " "),
        );
        for (const pattern of [MENTION, REFERENCE, ADDRESS, COMMIT]) expect(plain).not.toMatch(pattern);
      }),
      { numRuns: 500 },
    );
  });
});

describe("escaped text, by construct", () => {
  test.each([
    ...[
      "*x*",
      "**x**",
      "_x_",
      "__x__",
      "~x~",
      "~~x~~",
      "`x`",
      "[x](y)",
      "![x](y)",
      "[x]: y",
      "<b>x</b>",
      "<div",
      "<script",
      "<!-- x -->",
      "<x@y.z>",
      "&lt;",
      "&#64;",
    ],
    ...[
      "# x",
      "> x",
      "- x",
      "+ x",
      "* x",
      "1. x",
      "1) x",
      "    x",
      "---",
      "===",
      "| a | b |",
      "\\*",
      "x\\",
      "$x$",
      "$$x$$",
      "- [ ] x",
      "[^1]",
      "~~~",
      "```",
    ],
  ])("%j is shown as it is, also at the start of a line", (text) => {
    for (const [before, after, wrapper] of [
      ["- ", "", ["ul", "li"]],
      ["a\n\n", "\n\nb", ["p", "p", "p"]],
      ["", "\n", ["p"]],
    ] as const) {
      const { text: seen, elements } = readHtml(render(before + escapeMarkdown(text) + after));
      expect(elements).toEqual(wrapper);
      expect(seen.replaceAll("\u200b", "")).toContain(text.trim());
    }
  });
});

describe("a code span", () => {
  test("shows exactly the text as code, and nothing escapes from it", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const html = render(`a ${codeSpan(text)} b`);
        const { text: seen, elements } = readHtml(html);
        expect(elements).toEqual(["p", "code"]);
        const shown = visible(text).replaceAll("<!--", "<! --");
        expect(seen.replace(/\s+/g, "")).toBe(`a${shown.replace(/\s+/g, "")}b`);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a fence", () => {
  test("shows exactly the lines, and nothing escapes from it, indented or not", () => {
    fc.assert(
      fc.property(hostileText, fc.constantFrom("", "  "), (text, indent) => {
        const block = fence(text, "diff", indent);
        const { text: seen, elements } = readHtml(render(indent ? `- x\n\n${block}\n- y` : `${block}\ny`));
        expect(elements.filter((name) => !["ul", "li", "p"].includes(name))).toEqual(["pre", "code"]);
        const shown = visibleLines(text).replaceAll("<!--", "<! --").replace(/\n$/, "");
        expect(seen.replace(/[ \t\n]+/g, " ").trim()).toBe(
          `${indent ? "x " : ""}${shown} y`.replace(/[ \t\n]+/g, " ").trim(),
        );
      }),
      { numRuns: 500 },
    );
  });
});

test("a fence and a code span end only where they should", () => {
  expect(fence("a\n````\n# b")).toBe("`````\na\n````\n# b\n`````\n");
  expect(fence("a", "diff", "  ")).toBe("  ```diff\n  a\n  ```\n");
  expect(codeSpan("a ``b``` c`")).toBe("```` a ``b``` c` ````");
});

describe("a page", () => {
  const ours = ["h3", "h4", "p", "ul", "li", "strong", "code", "pre", "sub", "a", "!--"];

  test("holds no element, link or marker but ours, whatever the report says, at every level of detail", () => {
    fc.assert(
      fc.property(hostileReport, fc.integer({ min: 100, max: 20_000 }), (report, limit) => {
        const markdown = formatMarkdown(report, {
          limit,
          marker: "render-overlays",
          linkTo: ({ path }) => `https://github.com/${encodeURIComponent(path.toWellFormed())}`,
        });
        expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(limit);
        const html = render(markdown);
        const { elements } = readHtml(html);
        expect(elements.filter((name) => !ours.includes(name))).toEqual([]);
        expect(markdown.split("<!--").length - 1).toBeLessThanOrEqual(1);
        for (const [, address] of html.matchAll(/<a href="([^"]*)"/g))
          expect(address).toMatch(/^https:\/\/github\.com\//);
        const outsideCode = readHtml(html.replace(/<code[^>]*>[\s\S]*?<\/code>/g, "")).text;
        for (const pattern of [MENTION, REFERENCE, ADDRESS]) expect(outsideCode).not.toMatch(pattern);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["full", 10, MARKDOWN_LIMITS.summary],
    ["short", 200, 50_000],
    ["list", 5_000, MARKDOWN_LIMITS.comment],
    ["counts", 5_000, 600],
  ])("is %s when that is what fits", (level, number, limit) => {
    const markdown = formatMarkdown(reportOf({ findings: manyFindings(number) }), {
      limit,
      rest: "the artifact",
    });
    const shown = markdown.match(/^- (❌|⚠️|ℹ️) /gm)?.length ?? 0;
    const hidden = Number(
      /([\d,]+) (?:more )?findings? not shown here: see the artifact\./
        .exec(markdown)?.[1]
        ?.replaceAll(",", "") ?? 0,
    );
    expect(shown + hidden).toBe(number);
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(limit);
    expect(markdown.includes("Say a number.")).toBe(level === "full");
    expect(markdown.includes("Details of the findings are in the artifact.")).toBe(level === "short");
    expect(markdown.includes("By rule:")).toBe(level === "list");
    // It does not leave half of the room empty.
    if (level === "list") expect(Buffer.byteLength(markdown)).toBeGreaterThan(limit * 0.95);
  });

  test("shows an action's own section in the form that fits", () => {
    const sections = [{ forms: [`${"long ".repeat(1000)}\n`, "middle\n", "short\n"] }];
    expect(formatMarkdown(reportOf(), { limit: 10_000, sections })).toContain("long long");
    expect(formatMarkdown(reportOf(), { limit: 3_000, sections })).toContain("\nmiddle\n");
  });

  test("begins with its marker, which nobody else can write", () => {
    const body = formatMarkdown(reportOf(), { limit: 10_000, marker: "a-->b" });
    expect(body.split("\n")[0]).toBe("<!-- gitops-actions:a-_b -->");
    expect(markerComment("render-overlays")).toBe("<!-- gitops-actions:render-overlays -->");
  });

  test("folds a part away", () => {
    expect(readHtml(render(folded("Files", "- a"))).elements).toEqual(["details", "summary", "ul", "li"]);
  });

  test("takes tens of thousands of findings", () => {
    const report = reportOf({ findings: manyFindings(20_000) });
    for (const limit of Object.values(MARKDOWN_LIMITS)) {
      expect(Buffer.byteLength(formatMarkdown(report, { limit }))).toBeLessThanOrEqual(limit);
    }
  });
});
