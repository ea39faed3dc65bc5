/** The fields that a function reads of a value, and what it found there: `status.phase` → `string`. */
export type Shape = ReadonlyMap<string, ReadonlySet<string>>;

// As the API server writes moments: to the second, in UTC. A fraction of a second is one of other servers.
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Lets a function read values of JSON, moments as dates, and writes down which fields it reads and what they hold. */
export function shapeRead(read: (value: never) => unknown, values: readonly unknown[]): Shape {
  const shape = new Map<string, Set<string>>();
  const note = (path: string, found: unknown) => {
    shape.set(path, (shape.get(path) ?? new Set()).add(typeOf(found)));
  };
  for (const value of values) read(recording(value, '', note) as never);
  return shape;
}

/** What one shape has that another has not: a field, or a type in a field. */
export function missingIn(other: Shape, shape: Shape): string[] {
  return [...shape].flatMap(([path, types]) =>
    [...types].filter((type) => !other.get(path)?.has(type)).map((type) => `${path}: ${type}`),
  );
}

function recording(value: unknown, path: string, note: (path: string, found: unknown) => void): unknown {
  if (typeof value === 'string' && MOMENT.test(value)) return new Date(value);
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get: (target, key, receiver): unknown => {
      const found: unknown = Reflect.get(target, key, receiver);
      // Methods and the length of a list are no fields of it.
      if (typeof key === 'symbol' || typeof found === 'function' || (Array.isArray(target) && key === 'length')) {
        return found;
      }
      const place = Array.isArray(target) ? `${path}[]` : path === '' ? key : `${path}.${key}`;
      note(place, found);
      return recording(found, place, note);
    },
  });
}

function typeOf(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (typeof value === 'string' && MOMENT.test(value)) return 'moment';
  return Array.isArray(value) ? 'list' : typeof value;
}
