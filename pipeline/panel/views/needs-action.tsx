import { catalog } from "../data/shapes/metrics.ts";
import { alerts, directives } from "../data/shapes/steer.ts";
import { useLiveContext } from "../data/use-live.ts";
import { useResource } from "../data/use-resource.ts";
import { Badge } from "../parts/badge.tsx";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Countdown, When } from "../parts/when.tsx";
import { toneOf } from "./alert-tone.ts";
import { nameOfKind } from "./directive-names.ts";

const EVERY_MS = 5_000;
const MAX_SHOWN = 5;

/** What somebody should look at, and what is being done already. */
export function NeedsAction() {
  const open = useResource("/api/alerts?status=open&limit=50", alerts, EVERY_MS);
  const inForce = useResource("/api/directives?limit=0", directives, EVERY_MS);
  const { realtime } = useLiveContext();
  const down = realtime?.providersDown ?? [];
  return (
    <>
      <Card title="Needs attention" span={6} aside={<a href="#/alerts">All alerts</a>}>
        {down.length > 0 && (
          <p>
            <Badge tone="critical">{down.join(", ")} down</Badge> Under half of the calls went well.
          </p>
        )}
        <RefusedCatalogEdit />
        <Loaded from={open}>
          {({ alerts: found }) =>
            found.length === 0 ? (
              <p class="empty">Nothing: no alert is open.</p>
            ) : (
              <ul class="plain">
                {found.slice(0, MAX_SHOWN).map(({ id, severity, message, openedAt }) => (
                  <li key={id} class="event">
                    <Badge tone={toneOf(severity)}>{severity}</Badge>
                    <span>{message}</span>
                    <When at={openedAt} />
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
      <Card title="In force" span={6} aside={<a href="#/controls">Controls</a>}>
        <Loaded from={inForce}>
          {({ active }) =>
            active.length === 0 ? (
              <p class="empty">Nothing: the gateways follow the catalog.</p>
            ) : (
              <ul class="plain">
                {active.slice(0, MAX_SHOWN).map((one) => (
                  <li key={one.id} class="event">
                    <strong>{nameOfKind(one)}</strong>
                    <span>{one.reason}</span>
                    <Countdown until={one.expiresAt} />
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
    </>
  );
}

const CATALOG_EVERY_MS = 5_000;

/** Every error of an edit of the catalog that is not in force. */
function RefusedCatalogEdit() {
  const known = useResource("/api/catalog", catalog, CATALOG_EVERY_MS);
  const problems = known.data?.refusedEdit ?? [];
  if (problems.length === 0) return null;
  return (
    <section aria-label="Refused catalog edit">
      <p>
        <Badge tone="critical">Catalog edit refused</Badge> Version {known.data?.version} stays in use until
        the file is mended:
      </p>
      <ul class="plain">
        {problems.map(({ path, message }) => (
          <li key={`${path} ${message}`}>
            <code>{path}</code>: {message}
          </li>
        ))}
      </ul>
    </section>
  );
}
