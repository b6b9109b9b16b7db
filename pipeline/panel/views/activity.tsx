import { actions, type ShownAction } from "../data/shapes/steer.ts";
import { useResource } from "../data/use-resource.ts";
import { Badge } from "../parts/badge.tsx";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Table } from "../parts/table.tsx";
import { When } from "../parts/when.tsx";
import { wordsOf } from "./words.ts";

const EVERY_MS = 5_000;
const PAGE = 200;

/** Everything that somebody did here, whether it was done or refused. */
export function Activity() {
  const found = useResource(`/api/actions?limit=${PAGE}`, actions, EVERY_MS);
  return (
    <Card title="Audit of every action">
      <Loaded from={found}>
        {(data) => (
          <Table
            caption="Actions"
            rows={data.actions}
            keyOf={({ id }) => id}
            empty="Nobody has changed anything yet."
            columns={[
              { title: "When", kind: "short", show: ({ ts }) => <When at={ts} /> },
              { title: "Who", show: (one) => <Who {...one} /> },
              { title: "What", show: (one) => <What {...one} /> },
              { title: "Result", kind: "short", show: (one) => <Result {...one} /> },
            ]}
          />
        )}
      </Loaded>
      {found.data?.actions.length === PAGE && (
        <p class="hint">
          The last {PAGE} are shown; <code>GET /api/actions?before=</code> tells the earlier ones.
        </p>
      )}
    </Card>
  );
}

function Who({ role, via, session, address }: ShownAction) {
  return (
    <>
      {role}
      <span class="second-line">
        {via === "panel" ? `panel${session === "" ? "" : `, session ${session}`}` : "token"}, {address}
      </span>
    </>
  );
}

function What({ action, subject, details }: ShownAction) {
  const told = details === null || details === undefined ? "" : wordsOf(details);
  return (
    <>
      <strong>{action}</strong>
      {(subject !== "" || told !== "") && (
        <span class="second-line">{[subject, told].filter((part) => part !== "").join(": ")}</span>
      )}
    </>
  );
}

function Result({ error }: ShownAction) {
  return error === "" ? <Badge tone="good">done</Badge> : <Badge tone="warning">refused: {error}</Badge>;
}
