import type { z } from "zod";

export interface IssueDescription {
  /** Path of the field, `params.dailyUsd`; empty for the whole request. */
  readonly param: string;
  readonly message: string;
}

/** The first thing that is wrong with a request, so that a person knows which field to change and how. */
export function describeIssue(error: z.ZodError): IssueDescription {
  const found = error.issues.map((issue) => deepest(issue, []))[0];
  if (found === undefined) return { param: "", message: "the request is not valid" };
  // The first part says where in the request the field is: params, query or body.
  const param = found.path.slice(1).join(".");
  return { param, message: `${param === "" ? "the request" : param}: ${found.message}` };
}

interface Found {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function deepest(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Found {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    return { path: [...path, key], message: "is not known here" };
  }
  if (issue.code !== "invalid_union") return { path, message: messageOf(issue) };
  const nested = issue.errors
    .flatMap((branch) => branch.slice(0, 1).map((inner) => deepest(inner, path)))
    .sort((a, b) => b.path.length - a.path.length)[0];
  return nested ?? { path, message: messageOf(issue) };
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.input === undefined && issue.message.endsWith("undefined")) {
    return "is missing";
  }
  return issue.message;
}
