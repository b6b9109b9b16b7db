import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import * as z from "zod/mini";
import type { Api } from "./api.ts";
import { type Realtime, realtime } from "./shapes/now.ts";
import { problem } from "./shapes/session.ts";

/** Data is stale (a badge) after 5 s without news, and lost (greyed) after 30 s. */
export type Freshness = "waiting" | "fresh" | "stale" | "lost";
export const STALE_MS = 5_000;
export const LOST_MS = 30_000;
const RECONNECT_MS = 2_000;
const TICK_MS = 500;

export interface Live {
  readonly realtime: Realtime | null;
  readonly freshness: Freshness;
  /** Since the last news, or since the page waits for the first. */
  readonly ageMs: number;
  /** Why there is no news; null: not told. */
  readonly problem: string | null;
  /** This screen's clock, for countdowns. */
  readonly nowMs: number;
}

const NOTHING: Live = { realtime: null, freshness: "waiting", ageMs: 0, problem: null, nowMs: 0 };
export const LiveContext = createContext<Live>(NOTHING);
export const useLiveContext = (): Live => useContext(LiveContext);

interface News {
  readonly realtime: Realtime | null;
  readonly at: number;
  readonly problem: string | null;
}

/** Follows `/api/live`. A connection that breaks is made again; one that is refused ends the session. */
export function useLive(api: Api): Live {
  const [news, setNews] = useState<News>(() => ({ realtime: null, at: Date.now(), problem: null }));
  const nowMs = useNow();
  useEffect(() => follow(api, setNews), [api]);
  const ageMs = Math.max(0, nowMs - news.at);
  return {
    realtime: news.realtime,
    freshness: freshnessOf(news, ageMs),
    ageMs,
    problem: news.problem,
    nowMs,
  };
}

function freshnessOf({ realtime: known }: News, ageMs: number): Freshness {
  if (ageMs > LOST_MS) return "lost";
  if (ageMs > STALE_MS) return "stale";
  return known === null ? "waiting" : "fresh";
}

function useNow(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}

/** Answers how to stop. */
function follow(api: Api, setNews: (change: (before: News) => News) => void): () => void {
  let timer = 0;
  let source: EventSource | null = null;
  const connect = (): void => {
    source = new EventSource("/api/live");
    source.addEventListener("realtime", ({ data }) => {
      const parsed = z.safeParse(realtime, fromJson(data));
      if (parsed.success) setNews(() => ({ realtime: parsed.data, at: Date.now(), problem: null }));
      else
        setNews((before) => ({ ...before, problem: "the live numbers are not understood; reload the page" }));
    });
    source.addEventListener("problem", ({ data }) => {
      const told = z.safeParse(problem, fromJson(data));
      const message = told.success ? told.data.error.message : "the live numbers cannot be read";
      setNews((before) => ({ ...before, problem: message }));
    });
    source.addEventListener("error", () => {
      source?.close();
      setNews((before) => ({ ...before, problem: "the connection is lost; trying again" }));
      // When it is not the session that has ended, there is nothing more to learn from it.
      api.checkSession().catch(() => undefined);
      timer = window.setTimeout(connect, RECONNECT_MS);
    });
  };
  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}

function fromJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return null;
  }
}
