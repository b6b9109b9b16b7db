import type { z } from "zod";

export type Method = "get" | "post" | "put" | "delete";

/** One call of the control API: express and the OpenAPI description are both built from it. */
export interface Route {
  readonly method: Method;
  /** With `:name` for parameters: `/api/users/:id`. */
  readonly path: string;
  readonly summary: string;
  readonly status: 200 | 201;
  /** It changes nothing: viewers may call it, and the audit leaves it out. */
  readonly isReadOnly: boolean;
  /** An object with `params`, `query` and `body`, as far as the call has them. */
  readonly request: z.ZodObject | null;
  readonly answer: z.ZodType;
  /** Parses, handles, and checks the answer against its schema. Throws ZodError for a bad request. */
  run(request: RawRequest): Promise<unknown>;
  /** An answer of `run` as CSV, for who accepts only that; null: there is none. */
  readonly toCsv: ((answer: unknown, request: RawRequest) => string) | null;
}

export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

interface RouteBase<Answer extends z.ZodType> {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly status?: 200 | 201;
  /** Default: what is got is only read, everything else changes something. */
  readonly isReadOnly?: boolean;
  readonly answer: Answer;
  toCsv?(answer: z.output<Answer>, request: RawRequest): string;
}

/** Ties the schemas of a call to the types that its handler sees and gives. */
export function route<Request extends z.ZodObject, Answer extends z.ZodType>(
  definition: RouteBase<Answer> & {
    readonly request: Request;
    handle(request: z.output<Request>): Promise<z.input<Answer>> | z.input<Answer>;
  },
): Route {
  const { request, handle } = definition;
  return build(definition, request, (raw) => handle(request.parse(raw)));
}

/** A call that takes nothing but its path. */
export function plainRoute<Answer extends z.ZodType>(
  definition: RouteBase<Answer> & { handle(): Promise<z.input<Answer>> | z.input<Answer> },
): Route {
  return build(definition, null, () => definition.handle());
}

function build<Answer extends z.ZodType>(
  { method, path, summary, status = 200, isReadOnly = method === "get", answer, toCsv }: RouteBase<Answer>,
  request: z.ZodObject | null,
  handle: (raw: RawRequest) => unknown,
): Route {
  return {
    method,
    path,
    summary,
    status,
    isReadOnly,
    request,
    answer,
    async run(raw) {
      const checked = answer.safeParse(await handle(raw));
      if (checked.success) return checked.data;
      throw new Error(`${method} ${path} gave an answer that its schema refuses`, { cause: checked.error });
    },
    toCsv: toCsv === undefined ? null : (given, raw) => toCsv(answer.parse(given), raw),
  };
}
