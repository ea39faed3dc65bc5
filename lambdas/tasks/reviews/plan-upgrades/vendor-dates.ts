/** The day of which everything in this file is; what the input of the task says goes before it. */
export const VENDOR_DATES_AS_OF = '2026-06-30';

/** When Lambda stops to patch a runtime. Source: the tables of runtimes in the Lambda developer guide. */
export const RUNTIME_ENDS: Readonly<Record<string, string>> = {
  'nodejs24.x': '2028-04-30',
  'nodejs22.x': '2027-04-30',
  'nodejs20.x': '2026-04-30',
  'nodejs18.x': '2025-09-01',
  'nodejs16.x': '2024-06-12',
  'nodejs14.x': '2023-12-04',
  'nodejs12.x': '2023-03-31',
  'python3.14': '2029-06-30',
  'python3.13': '2029-06-30',
  'python3.12': '2028-10-31',
  'python3.11': '2027-06-30',
  'python3.10': '2026-10-31',
  'python3.9': '2025-12-15',
  'python3.8': '2024-10-14',
  'python3.7': '2023-12-04',
  'python3.6': '2022-07-18',
  java25: '2029-06-30',
  java21: '2029-06-30',
  java17: '2027-06-30',
  java11: '2027-06-30',
  'java8.al2': '2027-06-30',
  java8: '2024-01-08',
  dotnet10: '2028-11-14',
  dotnet8: '2026-11-10',
  dotnet6: '2024-12-20',
  'dotnetcore3.1': '2023-04-03',
  'ruby3.4': '2028-03-31',
  'ruby3.3': '2027-03-31',
  'ruby3.2': '2026-03-31',
  'ruby2.7': '2023-12-07',
  'provided.al2023': '2029-06-30',
  'provided.al2': '2026-07-31',
  provided: '2024-01-08',
  'go1.x': '2024-01-08',
};

export interface CacheEnd {
  /** Absent where no end was announced. */
  readonly standardEnd?: string;
  readonly extendedEnd?: string;
}

/** Majors of the engines of ElastiCache. Source: the schedule of versions and Extended Support in its user guide. */
export const CACHE_ENDS: Readonly<Record<string, CacheEnd>> = {
  'redis 4': { standardEnd: '2026-01-31', extendedEnd: '2029-01-31' },
  'redis 5': { standardEnd: '2026-01-31', extendedEnd: '2029-01-31' },
  'redis 6': { standardEnd: '2027-01-31' },
  'redis 7': {},
  'valkey 7': {},
  'valkey 8': {},
  'memcached 1': {},
};

/** US dollars a vCPU and hour in Extended Support of RDS. Source: the price lists of RDS and Aurora. */
export const DATABASE_EXTENDED_SUPPORT_USD: Readonly<
  Record<string, { readonly firstTwoYears: number; readonly thirdYear: number }>
> = {
  'us-east-1': { firstTwoYears: 0.1, thirdYear: 0.2 },
  'us-east-2': { firstTwoYears: 0.1, thirdYear: 0.2 },
};

/** What an hour of a cluster costs more in extended support of EKS: 0.60 instead of 0.10 US dollars. Source: its price list. */
export const CLUSTER_EXTENDED_SUPPORT_USD = 0.5;

/** From this version on EKS offers no images of Amazon Linux 2. Source: the EKS user guide. */
export const FIRST_WITHOUT_AMAZON_LINUX_2 = '1.33';

/** As AWS counts a month. */
export const MONTH_HOURS = 730;
