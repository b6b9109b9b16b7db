import { eventLogContract } from "../contract/event-log.contract.ts";
import { openEmbeddedHarness } from "./embedded-harness.ts";

eventLogContract("embedded", () => openEmbeddedHarness());
eventLogContract("embedded, with a segment for every few records", () =>
  openEmbeddedHarness({ segmentBytes: 200 }),
);
