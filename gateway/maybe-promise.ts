/**
 * What is there at once in memory, and later over a network. The way of a request waits only for what is a promise: an `await` of
 * a value costs as much as a step of the request's own work.
 */
export type MaybePromise<T> = T | Promise<T>;
