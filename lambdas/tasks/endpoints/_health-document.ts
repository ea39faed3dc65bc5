import { healthOf, type Health } from './_health-words.ts';

/** One word of a health answer, and what it stands for; undefined where it is not known. */
export interface Said {
  readonly word: string;
  readonly health: Health | undefined;
}

export interface Dependency extends Said {
  /** Its place in the answer, the names joined by slashes. */
  readonly name: string;
}

/** What a health answer says. */
export interface HealthDocument {
  /** What the service says of itself as a whole. */
  readonly own: Said | undefined;
  readonly dependencies: readonly Dependency[];
  /** There were more dependencies, or they lay deeper, than is read. */
  readonly truncated: boolean;
  /** An error that the answer names without any status of its own. */
  readonly error: string | undefined;
  /** When it says that it was made. */
  readonly madeAt: Date | undefined;
}

type Node = Readonly<Record<string, unknown>>;

const STATUS_KEYS = ['status', 'health', 'healthy', 'ishealthy', 'state', 'overall', 'level', 'ok', 'success', 'up'];
const CONTAINER_KEYS = new Set([
  ...['components', 'details', 'checks', 'entries', 'dependencies', 'services', 'subsystems', 'indicators'],
  ...['results', 'info', 'error', 'failures', 'healthchecks'],
]);
/** In these, a plain text is the status of the one whose name it bears; elsewhere it may be anything. */
const PLAIN_CONTAINERS = new Set(['components', 'checks', 'dependencies', 'services', 'subsystems', 'results']);
const DEPENDENCY_NAME =
  /^db$|database|cache|redis|postgres|mysql|mongo|queue|broker|kafka|rabbit|storage|elastic|backend/i;
const TIME_KEYS = ['timestamp', 'time', 'now', 'date', 'checkedat', 'lastchecked', 'lastcheck'];
const MAX_DEPTH = 8;
const MAX_DEPENDENCIES = 500;

/** Reads a parsed JSON answer as a health answer of any of the usual formats; what is none says nothing. */
export function readHealthDocument(json: unknown, healthyWords: readonly string[] = []): HealthDocument {
  const reader = new Reader(healthyWords);
  if (Array.isArray(json)) {
    // A list of checks, as Consul gives; a list of orders has statuses, too, and they are not all of health.
    const all = json.map((entry) => (isNode(entry) ? reader.said(entry)?.health : undefined));
    if (all.length > 0 && all.every((health) => health !== undefined)) reader.list(json, [], 0);
    return reader.result(undefined, undefined, undefined);
  }
  if (!isNode(json)) return reader.result(undefined, undefined, undefined);
  const own = reader.said(json);
  reader.walk(json, [], 0);
  return reader.result(own, own === undefined ? errorIn(json) : undefined, timeIn(json));
}

class Reader {
  readonly #found = new Map<string, Dependency>();
  #truncated = false;

  readonly healthyWords: readonly string[];

  constructor(healthyWords: readonly string[]) {
    this.healthyWords = healthyWords;
  }

  /** The status that an object has itself. */
  said(node: Node, depth = 0): Said | undefined {
    const entries = new Map(Object.entries(node).map(([key, value]) => [key.toLowerCase(), value]));
    for (const key of STATUS_KEYS) {
      const value = entries.get(key);
      if (isNode(value) && depth < 2) {
        const inner = this.said(value, depth + 1);
        if (inner?.health !== undefined) return inner;
      }
      if (typeof value === 'number' && key !== 'status') continue;
      if (typeof value !== 'string' && typeof value !== 'boolean' && typeof value !== 'number') continue;
      return { word: String(value), health: healthOf(value, this.healthyWords) };
    }
    return undefined;
  }

  walk(node: Node, path: readonly string[], depth: number): void {
    if (depth > MAX_DEPTH) {
      this.#truncated = true;
      return;
    }
    for (const [key, value] of Object.entries(node)) {
      const name = key.toLowerCase();
      if (CONTAINER_KEYS.has(name)) this.container(name, value, path, depth);
      else if (depth === 0) this.beside(key, value);
    }
  }

  /** Dependencies may stand beside the status of the whole: Actuator 1, Dropwizard, Grafana. */
  beside(key: string, value: unknown): void {
    if (STATUS_KEYS.includes(key.toLowerCase())) return;
    if (isNode(value)) {
      const said = this.said(value);
      if (said?.health === undefined) return;
      this.add([key], said);
      this.walk(value, [key], 1);
    } else if (typeof value === 'string' && DEPENDENCY_NAME.test(key)) {
      const health = healthOf(value, this.healthyWords);
      if (health !== undefined) this.add([key], { word: value, health });
    }
  }

  container(container: string, value: unknown, path: readonly string[], depth: number): void {
    if (Array.isArray(value)) {
      this.list(value, path, depth);
      return;
    }
    if (!isNode(value)) return;
    for (const [name, entry] of Object.entries(value)) {
      const place = [...path, name];
      if (Array.isArray(entry)) this.list(entry, place, depth);
      else if (isNode(entry)) this.entry(entry, place, depth);
      else if (container === 'failures') this.add(place, { word: String(entry), health: 'unhealthy' });
      else if (typeof entry !== 'number' && (PLAIN_CONTAINERS.has(container) || DEPENDENCY_NAME.test(name))) {
        const health = healthOf(entry, this.healthyWords);
        if (health !== undefined) this.add(place, { word: String(entry), health });
      }
    }
  }

  list(entries: readonly unknown[], path: readonly string[], depth: number): void {
    for (const [place, entry] of entries.entries()) {
      if (!isNode(entry)) continue;
      const named = ['name', 'Name', 'componentId', 'component', 'id', 'CheckID'].map((key) => entry[key]);
      const name = named.find((value) => typeof value === 'string' && value !== '');
      // health+json gives each check a list, of which most have one entry.
      const own = name !== undefined ? [String(name)] : entries.length > 1 || path.length === 0 ? [String(place)] : [];
      this.entry(entry, [...path, ...own], depth);
    }
  }

  entry(node: Node, path: readonly string[], depth: number): void {
    const said = this.said(node);
    if (said) this.add(path, said);
    this.walk(node, path, depth + 1);
  }

  add(path: readonly string[], said: Said): void {
    const name = path.join('/');
    const known = this.#found.get(name);
    // Terminus names a failing one twice; another format may say of it first that it is fine.
    if (known && rank(known) >= rank(said)) return;
    if (!known && this.#found.size >= MAX_DEPENDENCIES) this.#truncated = true;
    else this.#found.set(name, { name, ...said });
  }

  result(own: Said | undefined, error: string | undefined, madeAt: Date | undefined): HealthDocument {
    const all = [...this.#found.values()];
    // What is down because of a part of it is said by that part.
    const dependencies = all.filter(
      (whole) =>
        rank(whole) < 2 || !all.some((part) => part.name.startsWith(`${whole.name}/`) && rank(part) >= rank(whole)),
    );
    return { own, dependencies, truncated: this.#truncated, error, madeAt };
  }
}

function rank({ health }: Said): number {
  return health === undefined ? 1 : { healthy: 0, unknown: 1, degraded: 2, unhealthy: 3 }[health];
}

function errorIn(node: Node): string | undefined {
  for (const key of ['error', 'errors']) {
    const value = node[key];
    if (typeof value === 'string' && value.trim() !== '') return value;
    const message = Array.isArray(value) ? messageIn(value[0]) : messageIn(value);
    if (message !== undefined) return message;
  }
  return undefined;
}

function messageIn(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  if (!isNode(value)) return undefined;
  const words = [value['message'], value['code'], value['title']].filter((word) => typeof word === 'string');
  return words[0];
}

function timeIn(node: Node): Date | undefined {
  for (const [key, value] of Object.entries(node)) {
    if (!TIME_KEYS.includes(key.toLowerCase())) continue;
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return validDate(Date.parse(value));
    // Seconds until the year 5138 are fewer than milliseconds since 1973.
    if (typeof value === 'number' && value > 1e9) return validDate(value < 1e11 ? value * 1_000 : value);
  }
  return undefined;
}

function validDate(milliseconds: number): Date | undefined {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
