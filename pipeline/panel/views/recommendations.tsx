import { type Recommendation, recommendations } from "../data/shapes/outlook.ts";
import { useResource } from "../data/use-resource.ts";
import { count, percent, usd } from "../format.ts";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { ShareCell } from "../parts/share-cell.tsx";
import { Table } from "../parts/table.tsx";
import { When } from "../parts/when.tsx";
import { nameInWords } from "./words.ts";

const EVERY_MS = 60_000;

/** What to change, with the numbers that led to it, how sure it is, and what it would bring. */
export function Recommendations() {
  const found = useResource("/api/recommendations", recommendations, EVERY_MS);
  const madeAt = found.data?.recommendations[0]?.madeAt;
  return (
    <Card
      title="Recommendations"
      aside={
        madeAt !== undefined && (
          <span class="hint">
            made <When at={madeAt} />
          </span>
        )
      }
    >
      <Loaded from={found}>
        {(data) => (
          <Table
            caption="Recommendations"
            rows={data.recommendations}
            keyOf={({ kind, subject, advice }) => `${kind} ${subject} ${advice}`}
            empty="Nothing to change: neither budgets, nor providers, nor tiers. It is looked at every hour."
            columns={[
              {
                title: "Advice",
                show: (one) => (
                  <>
                    <strong>{one.advice}</strong>
                    <span class="second-line">{numbersInWords(one.evidence)}</span>
                  </>
                ),
              },
              {
                title: "Saves in 30 days",
                kind: "number",
                show: ({ savedIn30Days }) =>
                  savedIn30Days === null ? <span class="hint">not about saving</span> : usd(savedIn30Days),
              },
              {
                title: "Confidence",
                kind: "short",
                show: ({ confidence }) => <ShareCell share={confidence} />,
              },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

const MONEY = ["budget", "safeBudget", "cost", "revenue", "costPerUser"];
const SHARE = /(share|probability|margin)$/i;

/** `{ calls: 1370, cost: 17.1, savedShare: 0.98 }` as `calls 1,370, cost $17.10, saved share 98 %`. */
function numbersInWords(evidence: Recommendation["evidence"]): string {
  return Object.entries(evidence)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${nameInWords(name)} ${typeof value === "number" ? shown(name, value) : value}`)
    .join(", ");
}

function shown(name: string, value: number): string {
  if (MONEY.includes(name)) return usd(value);
  return SHARE.test(name) ? percent(value) : count(value);
}
