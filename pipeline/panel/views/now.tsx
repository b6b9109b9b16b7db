import { recent, spend } from "../data/shapes/now.ts";
import { useResource } from "../data/use-resource.ts";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { HourlySpend } from "./hourly-spend.tsx";
import { Ladder } from "./ladder.tsx";
import { NeedsAction } from "./needs-action.tsx";
import { NowFigures } from "./now-figures.tsx";
import { NowHeadline } from "./now-headline.tsx";

const RECENT_EVERY_MS = 10_000;
const SPEND_EVERY_MS = 2_000;

/** Are we spending more than we should, and is anybody hurt? */
export function Now() {
  const past = useResource("/api/metrics/recent", recent, RECENT_EVERY_MS);
  const spent = useResource("/api/spend", spend, SPEND_EVERY_MS);
  const minutes = past.data?.minutes ?? [];
  return (
    <>
      <NowHeadline />
      <NowFigures minutes={minutes} />
      <NeedsAction />
      <Card title="Spend by hour, last two days" span={7}>
        <Loaded from={past}>{({ hours }) => <HourlySpend hours={hours} />}</Loaded>
      </Card>
      <Card title="Safeguard ladder" span={5}>
        <Loaded from={spent}>
          {(data) => <Ladder {...data} hasSimulated={minutes.some(({ simulated }) => simulated > 0)} />}
        </Loaded>
      </Card>
    </>
  );
}
