const FIRST_BYTES = 16 << 10;

/** Bytes in a row, copied as they come: a list of the chunks would keep each of them, and carry it through every collection. */
export class ByteTape {
  #bytes = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(chunk: Buffer): void {
    const end = this.#length + chunk.length;
    if (end > this.#bytes.length) this.#grow(end);
    chunk.copy(this.#bytes, this.#length);
    this.#length = end;
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
  }

  /** Valid until something is appended. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(least: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(least, FIRST_BYTES, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
