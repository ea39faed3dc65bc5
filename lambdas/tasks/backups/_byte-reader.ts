import { Flaw } from './_flaw.ts';

/** Reads a stream of any length by exact numbers of bytes and holds no more of it than was asked for. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Buffer>;
  #view: Buffer = Buffer.alloc(0);
  #position = 0;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** How many bytes have been taken so far. */
  get position(): number {
    return this.#position;
  }

  /** The bytes at hand, at least one of them; empty at the end. Take them with `advance`. */
  async view(): Promise<Buffer> {
    while (this.#view.length === 0) {
      const { done, value } = await this.#pieces.next();
      if (done === true) break;
      this.#view = value;
    }
    return this.#view;
  }

  advance(count: number): void {
    this.#view = this.#view.subarray(count);
    this.#position += count;
  }

  /** Up to so many bytes without taking them; fewer only where the stream ends. */
  async peek(count: number): Promise<Buffer> {
    if (this.#view.length >= count) return this.#view.subarray(0, count);
    const pieces = [this.#view];
    let length = this.#view.length;
    while (length < count) {
      const { done, value } = await this.#pieces.next();
      if (done === true) break;
      pieces.push(value);
      length += value.length;
    }
    this.#view = Buffer.concat(pieces);
    return this.#view.subarray(0, count);
  }

  /** Exactly so many bytes; throws `Flaw` where the stream ends before. */
  async read(count: number, what: string): Promise<Buffer> {
    const bytes = await this.peek(count);
    if (bytes.length < count)
      throw new Flaw('cut-short', `it ends at byte ${this.#position + bytes.length}, in ${what}`);
    this.advance(count);
    return bytes;
  }

  /** The next so many bytes piece by piece; throws `Flaw` where the stream ends before. */
  async *take(count: number, what: string): AsyncGenerator<Buffer> {
    let left = count;
    while (left > 0) {
      const view = await this.view();
      if (view.length === 0) throw new Flaw('cut-short', `it ends at byte ${this.#position}, in ${what}`);
      const piece = view.subarray(0, left);
      this.advance(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** All that is left, piece by piece. */
  async *rest(): AsyncGenerator<Buffer> {
    for (let view = await this.view(); view.length > 0; view = await this.view()) {
      this.advance(view.length);
      yield view;
    }
  }

  /** Lets go of the stream, read to its end or not. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}
