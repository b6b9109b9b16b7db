import { documentOf, splitEvents } from "../sse-events.ts";

/** What a stream was made of, to be read only as far as it is needed. */
export interface PassedDocuments {
  forward(): Iterable<object>;
  backward(): Iterable<object>;
  /** The document that reported the usage, which was read on its way. */
  readonly reported: object | null;
}

/** `chunks`: whole events each. */
export function passedDocuments(chunks: readonly Buffer[], reported: object | null): PassedDocuments {
  return {
    reported,
    *forward() {
      for (const chunk of chunks) yield* documentsIn(splitEvents(chunk));
    },
    *backward() {
      for (let at = chunks.length - 1; at >= 0; at -= 1) {
        const chunk = chunks[at];
        if (chunk !== undefined) yield* documentsIn(splitEvents(chunk).reverse());
      }
    },
  };
}

function* documentsIn(events: readonly Buffer[]): Iterable<object> {
  for (const event of events) {
    const document = documentOf(event);
    if (document !== null) yield document;
  }
}
