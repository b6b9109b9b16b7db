/** So many verified decisions let one half-trust what they say of the replay. */
const HALF_TRUSTED = 3;

/**
 * By how much the replay's predictions of a rule's cost change were wrong so far, as it should be added to the next one: the mean
 * error, drawn towards 0 while there are few.
 */
export function learnedBias(errors: readonly number[]): number {
  if (errors.length === 0) return 0;
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  return (mean * errors.length) / (errors.length + HALF_TRUSTED);
}
