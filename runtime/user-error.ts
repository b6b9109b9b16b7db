/** A problem that the user can mend. The message says what happened, why, and what to do; it is shown without a stack. */
export class UserError extends Error {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
  }
}
