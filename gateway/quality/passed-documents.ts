import { documentOf, eventsBackward, eventsOf } from "../sse-events.ts";

/** What a stream was made of, to be read only as far as it is needed. */
export interface PassedDocuments {
  forward(): Iterable<object>;
  backward(): Iterable<object>;
  /** The document that reported the usage, which was read on its way. */
  readonly reported: object | null;
}

/** `bytes`: whole events. */
export function passedDocuments(bytes: Buffer, reported: object | null): PassedDocuments {
  return {
    reported,
    forward: () => documentsIn(eventsOf(bytes)),
    backward: () => documentsIn(eventsBackward(bytes)),
  };
}

function* documentsIn(events: Iterable<Buffer>): Iterable<object> {
  for (const event of events) {
    const document = documentOf(event);
    if (document !== null) yield document;
  }
}
