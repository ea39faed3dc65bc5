import { FromStringShapeDeserializer } from '@smithy/core/protocols';
import type { NormalizedSchema } from '@smithy/core/schema';
import { httpOf } from './answer.ts';

/** One REST operation: its method and its path, with labels as `{name}` and `{name+}`. */
export interface Route {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
}

export interface Match {
  readonly operation: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The REST operations of a whole SDK client, from the schemas that its module exports. */
export function routesOf(module: object): readonly Route[] {
  return Object.values(module).flatMap((exported: unknown): Route[] => {
    if (!Array.isArray(exported) || exported[0] !== 9) return [];
    const [, , operation, traits] = exported as unknown[];
    const http = httpOf(traits);
    return http === undefined ? [] : [{ operation: String(operation), method: http[0], path: http[1] }];
  });
}

/** The operation of a request: of several that fit, the one with the most that is fixed. */
export function matchRoute(routes: readonly Route[], method: string, url: URL): Match | undefined {
  let best: (Match & { readonly fixed: number }) | undefined;
  for (const route of routes) {
    if (route.method !== method) continue;
    const match = matchOne(route, url);
    if (match !== undefined && (best === undefined || match.fixed > best.fixed)) best = match;
  }
  return best;
}

function matchOne({ operation, path }: Route, url: URL): (Match & { readonly fixed: number }) | undefined {
  const [pattern = '', query = ''] = path.split('?');
  let fixed = 0;
  for (const [name, value] of new URLSearchParams(query)) {
    if (!url.searchParams.has(name)) return undefined;
    if (value !== '' && url.searchParams.get(name) !== value) return undefined;
    fixed += 1;
  }
  const wanted = pattern.split('/').filter(Boolean);
  const given = url.pathname.split('/').filter(Boolean);
  const labels: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const label = /^\{(\w+)(\+?)\}$/.exec(part);
    const value = given[i];
    if (value === undefined) return undefined;
    if (label === null) {
      if (part !== value) return undefined;
      fixed += 1;
    } else if (label[2] === '+') {
      return {
        operation,
        fixed,
        labels: { ...labels, [label[1] ?? '']: given.slice(i).map(decodeURIComponent).join('/') },
      };
    } else {
      labels[label[1] ?? ''] = decodeURIComponent(value);
    }
  }
  return wanted.length === given.length ? { operation, fixed, labels } : undefined;
}

const scalars = new FromStringShapeDeserializer({
  timestampFormat: { useTrait: true, default: 5 },
  httpBindings: true,
});

/** What of an input stands in the path, the query and the headers of its request. */
export function readBindings(
  schema: NormalizedSchema,
  { labels, url, headers }: { labels: Match['labels']; url: URL; headers: Readonly<Record<string, string>> },
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, member] of schema.structIterator()) {
    const { httpLabel, httpQuery, httpHeader } = member.getMergedTraits();
    if (httpLabel && labels[name] !== undefined) input[name] = scalars.read(member, labels[name]);
    if (httpHeader && headers[httpHeader.toLowerCase()] !== undefined) {
      input[name] = scalars.read(member, headers[httpHeader.toLowerCase()] ?? '');
    }
    if (!httpQuery || !url.searchParams.has(httpQuery)) continue;
    const values = url.searchParams.getAll(httpQuery);
    input[name] = member.isListSchema()
      ? values.map((value): unknown => scalars.read(member.getValueSchema(), value))
      : scalars.read(member, values[0] ?? '');
  }
  return input;
}
