const MOMENT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|\+00:00)/g;

/** The same, with every moment in it so many milliseconds later: dates, and texts that hold times of ISO 8601. */
export function shifted<Value>(value: Value, milliseconds: number): Value {
  return later(value, milliseconds) as Value;
}

function later(value: unknown, milliseconds: number): unknown {
  if (value instanceof Date) return new Date(value.getTime() + milliseconds);
  if (typeof value === 'string') {
    return value.replaceAll(MOMENT, (moment) => {
      const zone = moment.endsWith('Z') ? 'Z' : '+00:00';
      return new Date(Date.parse(moment) + milliseconds).toISOString().replace(/Z$/, zone);
    });
  }
  if (Array.isArray(value)) return value.map((one) => later(one, milliseconds));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, later(one, milliseconds)]));
}
