import { useState } from "preact/hooks";
import { signIn } from "./data/api.ts";
import type { SessionInfo } from "./data/shapes/session.ts";
import { BrandMark } from "./parts/icon.tsx";

interface SignInProps {
  /** Why somebody has to sign in again; null: the first time. */
  readonly notice: string | null;
  readonly onSignedIn: (session: SessionInfo) => void;
}

export function SignIn({ notice, onSignedIn }: SignInProps) {
  const [token, setToken] = useState("");
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setError(null);
    try {
      onSignedIn(await signIn(token.trim()));
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <h1>
          <BrandMark /> Vigor
        </h1>
        {notice !== null && <p role="status">{notice}</p>}
        <label htmlFor="token">
          Access token
          <input
            id="token"
            type="password"
            autoComplete="current-password"
            required
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        {error !== null && (
          <p class="problem" role="alert">
            <span aria-hidden="true">▲</span> {error}
          </p>
        )}
        <button type="submit" class="primary">
          Sign in
        </button>
        <p class="hint">
          <code>npm start</code> prints the admin token once, and keeps it in the data directory as{" "}
          <code>admin-token</code>.
        </p>
      </form>
    </main>
  );
}
