/** What a service says of itself or of something that it needs. */
export type Health = 'healthy' | 'degraded' | 'unhealthy' | 'unknown';

/** The words of the formats in use: Actuator, health+json, MicroProfile, ASP.NET, Terminus, gRPC, Consul, Kibana, Elasticsearch. */
const WORDS: Readonly<Record<Health, readonly string[]>> = {
  healthy: [
    ...['up', 'ok', 'okay', 'pass', 'passed', 'passing', 'healthy', 'green', 'good', 'operational', 'running'],
    ...['ready', 'serving', 'alive', 'live', 'available', 'success', 'working', 'online', 'connected', 'true'],
  ],
  degraded: ['warn', 'warning', 'degraded', 'yellow', 'partial', 'limited', 'impaired', 'unstable'],
  unhealthy: [
    ...['down', 'fail', 'failed', 'failing', 'failure', 'error', 'errored', 'critical', 'fatal', 'unhealthy', 'red'],
    ...['out of service', 'not serving', 'not ready', 'not ok', 'unavailable', 'unreachable', 'dead', 'offline'],
    ...['disconnected', 'timeout', 'timed out', 'broken', 'false', 'ko', 'bad'],
  ],
  unknown: ['unknown', 'service unknown', 'initializing', 'starting'],
};

const HEALTH_BY_WORD = new Map(
  Object.entries(WORDS).flatMap(([health, words]) => words.map((word) => [word, health as Health] as const)),
);

/** The health that a value stands for, or undefined where it is no such word; `further` are words of this platform for healthy. */
export function healthOf(value: unknown, further: readonly string[] = []): Health | undefined {
  if (typeof value === 'boolean') return value ? 'healthy' : 'unhealthy';
  if (typeof value === 'number') return healthOfStatus(value);
  if (typeof value !== 'string') return undefined;
  // "unavailable: connection refused" is how some say what and why in one.
  const word = normalised(value.split(':', 1)[0] ?? '');
  if (further.some((own) => normalised(own) === word)) return 'healthy';
  return HEALTH_BY_WORD.get(word);
}

// A status may be that of the protocol, put into the body.
function healthOfStatus(value: number): Health | undefined {
  if (value >= 200 && value < 300) return 'healthy';
  return value >= 400 && value < 600 ? 'unhealthy' : undefined;
}

function normalised(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
}
