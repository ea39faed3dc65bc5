import type { ListedObject, Store, StoredObject } from '../../lambdas/runtime/store.ts';

/** Whole numbers below a bound, the same for the same seed. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One world in which many actors run, one store call at a time, in an order and at times that the seed decides. */
export class Interleaving {
  readonly random: (below: number) => number;
  readonly #objects = new Map<string, StoredObject>();
  readonly #waiting: (() => void)[] = [];
  #nowMs = Date.parse('2026-11-21T02:00:00.000Z');
  #writes = 0;

  /** Is told of each object that takes the place of another. */
  onReplace: (before: unknown, after: unknown) => void = () => undefined;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  readonly clock = (): Date => new Date(this.#nowMs);

  /** What an actor without any delay would read. */
  peek(key: string): unknown {
    const stored = this.#objects.get(key);
    return stored && JSON.parse(Buffer.from(stored.body).toString());
  }

  /** The store as one actor has it; each of its calls waits for its turn. */
  store(onGet: (key: string) => void = () => undefined): Store {
    const objects = this.#objects;
    const turn = () => new Promise<void>((resolve) => this.#waiting.push(resolve));
    const put = (key: string, body: string | Uint8Array) => {
      const etag = String((this.#writes += 1));
      objects.set(key, { body: Buffer.from(body), etag });
      return etag;
    };
    return {
      location: 'memory',
      async get(key) {
        await turn();
        onGet(key);
        return objects.get(key);
      },
      async createIfAbsent(key, body) {
        await turn();
        return objects.has(key) ? undefined : put(key, body);
      },
      replace: async (key, body, etag) => {
        await turn();
        if (objects.get(key)?.etag !== etag) return undefined;
        this.onReplace(this.peek(key), JSON.parse(String(body)));
        return put(key, body);
      },
      async remove(key) {
        await turn();
        objects.delete(key);
      },
      async *list(prefix): AsyncIterable<ListedObject> {
        await turn();
        const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
        for (const key of keys) yield { key, sizeBytes: 0, lastModified: new Date(0) };
      },
    };
  }

  /** Runs the actors to their ends. Now and then all that wait have been asleep for up to a minute. */
  async run(actors: readonly Promise<void>[]): Promise<void> {
    let isOver = false;
    const all = Promise.all(actors).finally(() => (isOver = true));
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#nowMs += this.random(150) === 0 ? this.random(60_000) : this.random(20);
      const [next] = this.#waiting.splice(this.random(this.#waiting.length || 1), 1);
      next?.();
    }
    await all;
  }
}
