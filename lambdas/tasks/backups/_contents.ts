/** When a dump says of itself that it was begun. */
export interface Created {
  /** The wall clock of the machine that dumped, read as UTC. */
  readonly at: Date;
  /** pg_dump writes no zone into its archives, so that the true time may be up to 14 hours off. */
  readonly inUtc: boolean;
}

/**
 * What the checksums within a backup cover: in pg_dump's compressed archives the rows, and not the schema before them,
 * where a changed letter is a changed schema and nothing shows it.
 */
export type Checksummed = 'everything' | 'rows' | 'nothing';

/** What was seen in a backup that was read to its end without a flaw. */
export interface Contents {
  /** `pg_dump custom, gzip`. */
  readonly format: string;
  readonly created: Created | undefined;
  /** `INDEX public.users_pkey` of every table, index and constraint; only archives with a table of contents have it. */
  readonly objects: readonly string[] | undefined;
  readonly tables: number;
  readonly indexes: number;
  readonly constraints: number;
  /** Bytes of rows and large objects, uncompressed. */
  readonly dataBytes: number;
  readonly checksummed: Checksummed;
}

/** The names of pg_dump for what a schema loses first. */
export const OBJECT_KINDS = {
  tables: ['TABLE', 'FOREIGN TABLE'],
  indexes: ['INDEX'],
  constraints: ['CONSTRAINT', 'FK CONSTRAINT', 'CHECK CONSTRAINT'],
} as const;
