import { PublicError } from "../../models/domain/errors.ts";

/** A gateway that cannot be asked is no bug of this process, and what it would have said is not made up. */
export async function askGateway<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof PublicError) throw cause;
    throw new PublicError("not_ready", "the gateway does not answer, so its counters are not known", {
      cause,
    });
  }
}
