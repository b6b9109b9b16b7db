/** What the user of the tool can mend; the message says how. Shown without a stack. */
export class ReplayError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ReplayError";
  }
}
