import { Unavailable } from '../../core/errors.ts';
import type { Store } from '../../lambdas/runtime/store.ts';

/** The writes of a store, in the order in which they come; `before` may refuse one by throwing, or change its body. */
export function watchedStore(
  inner: Store,
  before: (
    write: { readonly number: number; readonly verb: string; readonly key: string },
    body?: string,
  ) => string | void,
): Store {
  let number = 0;
  const asked = (verb: string, key: string, body?: string | Uint8Array) => {
    number += 1;
    const text = body === undefined ? undefined : Buffer.from(body).toString();
    return before({ number, verb, key }, text) ?? text ?? '';
  };
  return {
    location: inner.location,
    get: (key) => inner.get(key),
    list: (prefix) => inner.list(prefix),
    createIfAbsent: async (key, body) => inner.createIfAbsent(key, asked('create', key, body)),
    replace: async (key, body, etag) => inner.replace(key, asked('replace', key, body), etag),
    remove: async (key) => {
      asked('remove', key);
      return inner.remove(key);
    },
  };
}

/** A store whose process is gone from this write on. */
export function dyingStore(inner: Store, lastWrite: number): Store {
  return watchedStore(inner, ({ number }) => {
    if (number > lastWrite) throw new Unavailable('the process is gone');
  });
}

/** A store in which nothing may be written. */
export function readOnlyStore(inner: Store): Store {
  return watchedStore(inner, ({ verb, key }) => {
    throw new Unavailable(`${verb} ${key} is forbidden`);
  });
}

/** A store in which something happens before the nth look at it, whether it reads a key or lists some. */
export function interruptedStore(inner: Store, nth: number, happens: () => Promise<unknown>): Store {
  let looks = 0;
  const look = async () => {
    looks += 1;
    if (looks === nth) await happens();
  };
  return {
    ...readOnlyStore(inner),
    get: async (key) => {
      await look();
      return inner.get(key);
    },
    async *list(prefix) {
      await look();
      yield* inner.list(prefix);
    },
  };
}
