import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import type * as z from "zod/mini";
import type { Api } from "./api.ts";

export const ApiContext = createContext<Api | null>(null);

/** Only below the sign-in. */
export function useApi(): Api {
  const api = useContext(ApiContext);
  if (api === null) throw new Error("nobody is signed in");
  return api;
}

export interface Resource<Data> {
  /** The last answer; null until there is one. Kept when a later call fails. */
  readonly data: Data | null;
  /** Why the last call failed; null: it did not. */
  readonly error: string | null;
  readonly reload: () => void;
}

interface Loaded<Data> {
  readonly path: string;
  readonly data: Data | null;
  readonly error: string | null;
}

/** What a path answers, asked again every `everyMs` while the page is looked at. A slow answer is waited for. */
export function useResource<Shape extends z.ZodMiniType>(
  path: string,
  shape: Shape,
  everyMs: number,
): Resource<z.output<Shape>> {
  const api = useApi();
  const [loaded, setLoaded] = useState<Loaded<z.output<Shape>>>({ path, data: null, error: null });
  const loadNow = useRef((): void => undefined);
  useEffect(() => {
    let isGone = false;
    let timer = 0;
    const load = async (): Promise<void> => {
      const isSeen = document.visibilityState === "visible";
      if (isSeen) {
        const next = await api.get(path, shape).then(
          (data) => ({ data, error: null }),
          (error: unknown) => ({ data: null, error: error instanceof Error ? error.message : String(error) }),
        );
        if (isGone) return;
        setLoaded((before) => ({
          path,
          data: next.data ?? (before.path === path ? before.data : null),
          error: next.error,
        }));
      }
      timer = window.setTimeout(load, everyMs);
    };
    loadNow.current = () => {
      clearTimeout(timer);
      void load();
    };
    loadNow.current();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [api, path, shape, everyMs]);
  const isCurrent = loaded.path === path;
  return {
    data: isCurrent ? loaded.data : null,
    error: isCurrent ? loaded.error : null,
    reload: () => loadNow.current(),
  };
}
