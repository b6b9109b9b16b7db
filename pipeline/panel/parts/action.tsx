import { useState } from "preact/hooks";
import { useApi } from "../data/use-resource.ts";

export interface Action {
  /** Runs a call; what it refuses is shown until the next one. Resolves to whether it went well. */
  readonly run: (act: () => Promise<void>) => Promise<boolean>;
  readonly isRunning: boolean;
  readonly error: string | null;
  /** A viewer sees what could be done, and cannot do it. */
  readonly isAllowed: boolean;
}

export function useAction(): Action {
  const { session } = useApi();
  const [isRunning, setIsRunning] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const run = async (act: () => Promise<void>): Promise<boolean> => {
    setIsRunning(true);
    setError(null);
    try {
      await act();
      return true;
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
      return false;
    } finally {
      setIsRunning(false);
    }
  };
  return { run, isRunning, error, isAllowed: session.role === "admin" };
}

export function ActionError({ action: { error } }: { action: Action }) {
  return error === null ? null : (
    <p class="problem" role="alert">
      <span aria-hidden="true">▲</span> {error}
    </p>
  );
}
