import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { alerts } from "./data/shapes/steer.ts";
import { useApi, useResource } from "./data/use-resource.ts";
import { BrandMark, Icon, type IconName } from "./parts/icon.tsx";
import { StatusBar } from "./status-bar.tsx";
import { Activity } from "./views/activity.tsx";
import { Alerts } from "./views/alerts.tsx";
import { Automation } from "./views/automation.tsx";
import { Cache } from "./views/cache.tsx";
import { Controls } from "./views/controls.tsx";
import { Forecasts } from "./views/forecasts.tsx";
import { Now } from "./views/now.tsx";
import { Providers } from "./views/providers.tsx";
import { Reconciliation } from "./views/reconciliation.tsx";
import { Users } from "./views/users.tsx";

interface Section {
  readonly path: IconName;
  readonly title: string;
  /** The one question that it answers. */
  readonly question: string;
  readonly View: ComponentType;
}

const NOW: Section = {
  path: "now",
  title: "Now",
  question: "Are we spending more than we should, and is anybody hurt?",
  View: Now,
};
const SECTIONS: readonly Section[] = [
  NOW,
  {
    path: "controls",
    title: "Controls",
    question: "What can be stopped right now, and whom would it reach?",
    View: Controls,
  },
  { path: "alerts", title: "Alerts", question: "What needs somebody?", View: Alerts },
  {
    path: "providers",
    title: "Providers",
    question: "Who answers, how well, and at what price?",
    View: Providers,
  },
  { path: "users", title: "Users", question: "Who asks, and what is left of their limits?", View: Users },
  {
    path: "automation",
    title: "Automation",
    question: "What did the rules do, why, and what came of it?",
    View: Automation,
  },
  { path: "forecasts", title: "Forecasts", question: "Where is this heading?", View: Forecasts },
  { path: "cache", title: "Cache", question: "What did answers from the cache save?", View: Cache },
  { path: "data", title: "Data", question: "Can the numbers be trusted?", View: Reconciliation },
  { path: "activity", title: "Activity", question: "Who changed what?", View: Activity },
];

/** Navigation, status bar, and the section that the address names (`#/alerts`). */
export function Frame({ onSignedOut }: { onSignedOut: () => void }) {
  const path = usePath();
  const section = SECTIONS.find((known) => known.path === path) ?? NOW;
  const { View, title, question } = section;
  useEffect(() => {
    document.title = `${title} - Vigor`;
  }, [title]);
  return (
    <div class="frame">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <Navigation current={section} onSignedOut={onSignedOut} />
      <StatusBar />
      <main id="content" tabIndex={-1}>
        <div class="page-head">
          <h1>{title}</h1>
          <p>{question}</p>
        </div>
        <div class="grid">
          <View key={title} />
        </div>
      </main>
    </div>
  );
}

const ALERTS_EVERY_MS = 10_000;

function Navigation({ current, onSignedOut }: { current: Section; onSignedOut: () => void }) {
  const api = useApi();
  const open = useResource("/api/alerts?status=open&limit=50", alerts, ALERTS_EVERY_MS);
  const openCount = open.data?.alerts.length ?? 0;
  const signOut = (): void => {
    api.change("DELETE", "/api/session").then(onSignedOut, onSignedOut);
  };
  return (
    <nav aria-label="Sections">
      <div class="nav-inside">
        <span class="brand">
          <BrandMark /> Vigor
        </span>
        <ul>
          {SECTIONS.map(({ path, title }) => (
            <li key={path}>
              <a
                class="nav-item"
                href={`#/${path}`}
                {...(path === current.path ? { "aria-current": "page" } : {})}
              >
                <Icon name={path} /> {title}
                {path === "alerts" && openCount > 0 && (
                  <span class="nav-count">
                    {openCount}
                    <span class="unseen"> open</span>
                  </span>
                )}
              </a>
            </li>
          ))}
        </ul>
        <p class="signed-in">Signed in as {api.session.role}</p>
        <button type="button" class="nav-item" onClick={signOut}>
          <Icon name="leave" /> Sign out
        </button>
      </div>
    </nav>
  );
}

function usePath(): string {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const update = (): void => {
      // `#content` is the skip link's: it names no section.
      if (location.hash.startsWith("#/") || location.hash === "") setHash(location.hash);
    };
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return hash.replace(/^#\//, "");
}
