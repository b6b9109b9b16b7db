import type { ComponentChildren } from "preact";
import type { Resource } from "../data/use-resource.ts";

interface LoadedProps<Data> {
  readonly from: Resource<Data>;
  readonly children: (data: Data) => ComponentChildren;
}

/** The three states of what is asked for: on its way, there, failed; what was there before a failure stays, and is said to be old. */
export function Loaded<Data>({ from: { data, error, reload }, children }: LoadedProps<Data>) {
  return (
    <>
      {error !== null && (
        <p class="problem" role="alert">
          <span aria-hidden="true">▲</span> {data === null ? "Not known" : "Not up to date"}: {error}.{" "}
          <button type="button" class="link" onClick={reload}>
            Try again
          </button>
        </p>
      )}
      {data === null && error === null && <div class="skeleton" role="status" aria-label="Loading" />}
      {data !== null && <div class={error === null ? "" : "old"}>{children(data)}</div>}
    </>
  );
}
