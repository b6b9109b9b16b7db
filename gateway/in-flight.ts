/**
 * What is under way, and leaves in any order. Used instead of a set or a map where what it holds is large and changes all the time:
 * V8 gives those a new table after every so many removals, and the old table goes on pointing to the new one and to what it held.
 * As soon as one old table has come into the old generation, every later one follows it there, with every request that was under
 * way, and all of them stay until the next full collection: more memory, and pauses that are four times as long.
 */
export class InFlight<T> {
  readonly #items: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#items.length - this.#free.length;
  }

  /** Its place, by which it is found and removed. */
  add(item: T): number {
    const place = this.#free.pop() ?? this.#items.length;
    this.#items[place] = item;
    return place;
  }

  at(place: number): T | undefined {
    return this.#items[place];
  }

  /** To be called once for each place that was given. */
  remove(place: number): void {
    this.#items[place] = undefined;
    this.#free.push(place);
  }

  /** In no order. It walks over as many places as were ever taken at once. */
  *values(): Generator<T> {
    for (const item of this.#items) if (item !== undefined) yield item;
  }
}

/** The same by a key: the map that finds a place holds nothing but numbers. */
export class KeyedInFlight<T> {
  readonly #items = new InFlight<T>();
  readonly #places = new Map<string, number>();

  get size(): number {
    return this.#places.size;
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  get(key: string): T | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#items.at(place);
  }

  set(key: string, item: T): void {
    this.delete(key);
    this.#places.set(key, this.#items.add(item));
  }

  /** Changes nothing where there is nothing. */
  delete(key: string): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#places.delete(key);
    this.#items.remove(place);
  }

  /** In no order. */
  values(): Generator<T> {
    return this.#items.values();
  }
}
