/** One series as a Prometheus would have scraped it. */
export interface PlantedSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its value so many seconds after the series began. */
  readonly value: (ageSeconds: number) => number;
  /** How long before `now` it began; the whole period by default. */
  readonly beganSecondsAgo?: number;
  /** How long before `now` it ended; it goes on beyond `now` by default. */
  readonly endedSecondsAgo?: number;
}

export interface PlantedPeriod {
  readonly now: Date;
  readonly spanSeconds: number;
  /** Samples of the future, so that a server that scrapes nothing stays fresh for so long. */
  readonly aheadSeconds?: number;
  readonly everySeconds?: number;
}

/** The samples of all series in the text format of OpenMetrics, without its end. */
export function samplesOf(series: readonly PlantedSeries[], period: PlantedPeriod): string {
  const { now, spanSeconds, aheadSeconds = 0, everySeconds = 60 } = period;
  const atSeconds = Math.floor(now.getTime() / 1_000);
  const lines: string[] = [];
  for (const { name, labels, value, beganSecondsAgo = spanSeconds, endedSecondsAgo = -aheadSeconds } of series) {
    const text = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
    const head = `${name}{${text.join(',')}}`;
    const start = atSeconds - beganSecondsAgo;
    for (let at = start; at <= atSeconds - endedSecondsAgo; at += everySeconds) {
      lines.push(`${head} ${numberText(value(at - start))} ${at}`);
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** Joins samples to a file that promtool takes. */
export function openMetrics(...samples: readonly string[]): string {
  return `${samples.join('')}# EOF\n`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

export interface PlantedRequests {
  readonly labels: Readonly<Record<string, string>>;
  readonly perSecond: number;
  /** Upper bound of a bucket to the share of the requests that took so long: half of the bound to the bound. */
  readonly shares: Readonly<Record<string, number>>;
  readonly bounds?: readonly number[];
  readonly name?: string;
  readonly beganSecondsAgo?: number;
  readonly endedSecondsAgo?: number;
  /** The process starts again, and its counters with it, each so many seconds. */
  readonly restartsEverySeconds?: number;
}

const BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A classic histogram of request times: its buckets, its sum and its count. */
export function histogramSeries(requests: PlantedRequests): PlantedSeries[] {
  const { labels, perSecond, shares, bounds = BOUNDS, name = 'http_request_duration_seconds', ...rest } = requests;
  const { restartsEverySeconds, ...lifetime } = rest;
  const age = (seconds: number) => (restartsEverySeconds === undefined ? seconds : seconds % restartsEverySeconds);
  const parts = Object.entries(shares).map(([bound, share]) => ({ bound: Number(bound), share }));
  const meanSeconds = parts.reduce((sum, { bound, share }) => sum + share * bound * 0.75, 0);
  const counted = (bound: number) => parts.reduce((sum, part) => sum + (part.bound <= bound ? part.share : 0), 0);
  const growing = (suffix: string, rate: number, more: Readonly<Record<string, string>> = {}): PlantedSeries => ({
    name: `${name}${suffix}`,
    labels: { ...labels, ...more },
    value: (seconds) => age(seconds) * rate,
    ...lifetime,
  });
  return [
    ...[...bounds, Infinity].map((bound) => {
      return growing('_bucket', perSecond * counted(bound), { le: bound === Infinity ? '+Inf' : String(bound) });
    }),
    growing('_sum', perSecond * meanSeconds),
    growing('_count', perSecond),
  ];
}

/** A counter of requests with one series for each status. */
export function requestSeries(
  labels: Readonly<Record<string, string>>,
  perSecond: Readonly<Record<string, number>>,
  { name = 'http_requests_total', statusLabel = 'status' } = {},
): PlantedSeries[] {
  return Object.entries(perSecond).map(([status, rate]) => ({
    name,
    labels: { ...labels, [statusLabel]: status },
    value: (seconds) => seconds * rate,
  }));
}
