import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { currentSession, openApi } from "./data/api.ts";
import type { SessionInfo } from "./data/shapes/session.ts";
import { LiveContext, useLive } from "./data/use-live.ts";
import { ApiContext, useApi } from "./data/use-resource.ts";
import { Frame } from "./frame.tsx";
import { SignIn } from "./sign-in.tsx";

type State =
  | { readonly kind: "asking" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "signed-out"; readonly notice: string | null }
  | { readonly kind: "signed-in"; readonly session: SessionInfo };

/** Signed in or not; everything else is in the frame. */
export function App() {
  const [state, setState] = useState<State>({ kind: "asking" });
  const onSignedOut = useCallback(
    () => setState({ kind: "signed-out", notice: "Your session has ended. Sign in again." }),
    [],
  );
  useEffect(() => {
    currentSession().then(
      (session) =>
        setState(session === null ? { kind: "signed-out", notice: null } : { kind: "signed-in", session }),
      (error: unknown) => setState({ kind: "failed", message: String(error) }),
    );
  }, []);
  switch (state.kind) {
    case "asking":
      return <main class="sign-in" aria-busy="true" />;
    case "failed":
      return (
        <main class="sign-in">
          <p class="problem" role="alert">
            The control API does not answer ({state.message}). Reload the page to try again.
          </p>
        </main>
      );
    case "signed-out":
      return (
        <SignIn notice={state.notice} onSignedIn={(session) => setState({ kind: "signed-in", session })} />
      );
    case "signed-in":
      return <SignedIn session={state.session} onSignedOut={onSignedOut} />;
  }
}

function SignedIn({ session, onSignedOut }: { session: SessionInfo; onSignedOut: () => void }) {
  const api = useMemo(() => openApi(session, onSignedOut), [session, onSignedOut]);
  return (
    <ApiContext.Provider value={api}>
      <WithLive onSignedOut={onSignedOut} />
    </ApiContext.Provider>
  );
}

function WithLive({ onSignedOut }: { onSignedOut: () => void }) {
  const live = useLive(useApi());
  return (
    <LiveContext.Provider value={live}>
      <Frame onSignedOut={onSignedOut} />
    </LiveContext.Provider>
  );
}
